"""Clients that never rest: short requests, and connections that talk for as long as they can. For chaos.lab.ts.

  traffic.py ADDRESS PORT ASKERS TALKERS
      Says `ready`. ASKERS loops of connect, ask, close; TALKERS loops of connect and ask again and again until it breaks.
      Each thing that went wrong is a line: `failed FROM TO WHY` (a short request) or `broke FROM TO SERVER WHY` (a connection that
      talked, with who answered it until then); times are seconds since 1970. When stdin ends: `done SHORT-REQUESTS CONVERSATIONS MESSAGES`.
"""
import asyncio
import sys
import time

LIMIT = 20.0  # seconds that a client waits: whoever is dead refuses at once, and a busy machine is slow
address, port, askers, talkers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
count = {"short": 0, "conversations": 0, "messages": 0}
resting = False


def why(error):
    return "timeout" if isinstance(error, (TimeoutError, asyncio.TimeoutError)) else f"{type(error).__name__}: {error}".replace("\n", " ")


async def ask(reader, writer):
    writer.write(b"hello\n")
    await writer.drain()
    line = await asyncio.wait_for(reader.readline(), LIMIT)
    if not line:
        raise ConnectionError("closed")
    return line.decode().split(" ")[0]


async def connect():
    return await asyncio.wait_for(asyncio.open_connection(address, port), LIMIT)


async def asker():
    while not resting:
        start = time.time()
        writer = None
        try:
            reader, writer = await connect()
            await ask(reader, writer)
            count["short"] += 1
        except (OSError, asyncio.TimeoutError) as error:
            print(f"failed {start:.3f} {time.time():.3f} {why(error)}", flush=True)
        if writer is not None:
            writer.close()
        await asyncio.sleep(0.05)


async def talker():
    while not resting:
        start, server, writer = time.time(), "", None
        try:
            reader, writer = await connect()
            count["conversations"] += 1
            while not resting:
                server = await ask(reader, writer)
                count["messages"] += 1
                await asyncio.sleep(0.1)
        except (OSError, asyncio.TimeoutError) as error:
            if server:
                print(f"broke {start:.3f} {time.time():.3f} {server} {why(error)}", flush=True)
        if writer is not None:
            writer.close()
        await asyncio.sleep(0.1)


async def main():
    global resting
    loops = [asyncio.create_task(asker()) for _ in range(askers)] + [asyncio.create_task(talker()) for _ in range(talkers)]
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    resting = True
    await asyncio.gather(*loops)
    print(f"done {count['short']} {count['conversations']} {count['messages']}", flush=True)


asyncio.run(main())
