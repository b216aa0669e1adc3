"""Short HTTP requests by the thousand, and a web server that says its name.

  requests.py serve NAME PORT [PORT ...]          On all addresses of both families. Says `ready`.
  requests.py ask COUNT TOGETHER PORT@ADDRESS ... Says `ready`; COUNT connections at least, and until stdin ends, TOGETHER at a time, to the
                                                  places in turn, each with two requests. Then a JSON array: one
                                                  [PORT@ADDRESS, START, END, SERVER, WHY] for each connection; times are seconds since
                                                  1970, SERVER is empty if it never answered, WHY is empty if nothing went wrong.
"""
import asyncio
import json
import sys
import time

LIMIT = 30.0  # seconds that a client waits: a SYN that got lost on a busy machine may be sent again, more than once
PAUSE = 0.05  # between the two requests, so that there are flows to be broken


async def answer(name, reader, writer):
    try:
        while True:
            line = await reader.readline()
            if not line:
                break
            while (await reader.readline()).strip():
                pass
            body = f"{name}\n".encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(name, ports):
    for port in ports:
        for address in ("0.0.0.0", "::"):
            await asyncio.start_server(lambda reader, writer: answer(name, reader, writer), address, int(port), backlog=1024)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def get(reader, writer, page):
    writer.write(f"GET /{page} HTTP/1.1\r\nHost: lab\r\n\r\n".encode())
    await writer.drain()
    status = await asyncio.wait_for(reader.readline(), LIMIT)
    if not status.startswith(b"HTTP/1.1 200 "):
        raise ConnectionError("closed" if not status else repr(status))
    length = 0
    while header := (await asyncio.wait_for(reader.readline(), LIMIT)).strip():
        if header.lower().startswith(b"content-length:"):
            length = int(header.split(b":")[1])
    return (await asyncio.wait_for(reader.readexactly(length), LIMIT)).decode().strip()


async def one(place):
    port, address = place.split("@")
    start, server, why, writer = time.time(), "", "", None
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection(address, int(port)), LIMIT)
        server = await get(reader, writer, "first")
        await asyncio.sleep(PAUSE)
        again = await get(reader, writer, "second")
        if again != server:
            why = f"then {again} answered"
    except asyncio.TimeoutError:
        why = "timeout"
    except (OSError, asyncio.IncompleteReadError) as error:
        why = f"{type(error).__name__}: {error}"
    if writer is not None:
        writer.close()
    return [place, start, time.time(), server, why]


async def ask(count, together, places):
    rows, started, ended = [], 0, False

    async def loop():
        nonlocal started
        while started < count or not ended:
            started += 1
            rows.append(await one(places[started % len(places)]))

    async def until_end():
        nonlocal ended
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        ended = True

    loops = [asyncio.create_task(loop()) for _ in range(together)]
    print("ready", flush=True)
    await asyncio.gather(until_end(), *loops)
    print(json.dumps(rows), flush=True)


if sys.argv[1] == "serve":
    asyncio.run(serve(sys.argv[2], sys.argv[3:]))
else:
    asyncio.run(ask(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
