import { type Browser, launch, type LaunchOptions, type Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { findProgram, unlessInstalled } from '../helpers/program.js';

/** For the `skip` of a test. */
export const unlessChromium = unlessInstalled('chromium');

/** Whatever a test waits for: machines that are busy are slow. */
const LIMIT_MS = 60_000;

/** A browser until the test ends. */
export async function chromium(t: Test, options: LaunchOptions = {}): Promise<Browser> {
  const browser = await launch({
    executablePath: findProgram('chromium') ?? 'chromium',
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    protocolTimeout: 2 * LIMIT_MS,
    timeout: LIMIT_MS,
    ...options,
  });
  t.teardown(() => browser.close());
  return browser;
}

export interface Looks {
  readonly width?: number;
  readonly height?: number;
  readonly scheme?: 'light' | 'dark';
}

/** A page of a browser, and what went wrong in it. */
export class Screen {
  /** Mistakes of scripts, and what the console calls errors but for answers of the API, which the page has to deal with. */
  readonly errors: string[] = [];

  readonly page: Page;

  private constructor(page: Page) {
    this.page = page;
    page.setDefaultTimeout(LIMIT_MS);
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      const isAnswer =
        message.text().startsWith('Failed to load resource') && (message.location().url ?? '').includes('/v1/');
      if (message.type() === 'error' && !isAnswer) this.errors.push(message.text());
    });
  }

  static async open(browser: Browser, url: string, looks: Looks = {}): Promise<Screen> {
    const { width = 1440, height = 900, scheme = 'light' } = looks;
    const page = await browser.newPage();
    const isPhone = width < 600;
    await page.setViewport({ width, height, isMobile: isPhone, hasTouch: isPhone });
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    const screen = new Screen(page);
    await page.goto(url);
    return screen;
  }

  /** What an expression of JavaScript is in the page. */
  async read<T>(expression: string): Promise<T> {
    return (await this.page.evaluate(expression)) as T;
  }

  /** Until an expression is true. @throws with what it is in the end */
  async until(expression: string): Promise<void> {
    try {
      await this.page.waitForFunction(expression, { polling: 50 });
    } catch (error) {
      const seen = await this.read<string>('document.body.innerText');
      throw new Error(`never: ${expression}\n${this.errors.join('\n')}\n${seen}`, { cause: error });
    }
  }

  /** Until a text stands somewhere inside the first element of a selector. */
  async sees(selector: string, text: string): Promise<void> {
    await this.until(
      `document.querySelector(${JSON.stringify(selector)})?.innerText.includes(${JSON.stringify(text)}) === true`,
    );
  }

  text(selector: string): Promise<string> {
    return this.read<string>(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  }

  /** A control by its role and name, as who does not see finds it. */
  async press(role: string, name: string): Promise<void> {
    await this.page.locator(`aria/${name}[role="${role}"]`).click();
  }

  /** An element that is there, once it does not move any more. */
  async click(selector: string): Promise<void> {
    await this.page.locator(selector).click();
  }

  async keys(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key as 'Enter');
  }

  async type(text: string): Promise<void> {
    await this.page.keyboard.type(text);
  }

  /** Titles of the rows in sight, in their order. */
  rows(): Promise<readonly string[]> {
    return this.read(
      `[...document.querySelectorAll('#grid .row')].sort((a, b) => a.getAttribute('aria-rowindex') - b.getAttribute('aria-rowindex')).map((row) => row.querySelector('.title').textContent)`,
    );
  }
}
