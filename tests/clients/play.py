"""Plays script.json with python-socketio: `python play.py ADDRESS`."""

import json
import pathlib
import queue
import sys

import socketio

EVENTS = ["queued", "execution-start", "stage", "output", "execution-complete", "error"]
PATIENCE = 60


def matches(event, expected):
    for name, value in expected.items():
        assert event.get(name) == value, f"{name} of {event}"


def play(client, events, steps):
    execution, printed = None, {"stdout": "", "stderr": ""}
    for step in steps:
        if "send" in step:
            is_start = step["send"] == "execute-interactive"
            fields = step["fields"] if is_start else {"executionId": execution, **step["fields"]}
            client.emit(step["send"], fields)
            continue
        while not ("until" in step and step["until"] in printed["stdout"]):
            event = events.get(timeout=PATIENCE)
            if event["event"] == "output":
                printed[event.get("type", "stdout")] += event["data"]
            elif event["event"] in ("stage", "queued"):
                pass
            elif "complete" in step:
                matches(event, {"event": "execution-complete", "executionId": execution, **step["complete"]})
                for stream in ("stdout", "stderr"):
                    assert stream not in step or printed[stream] == step[stream], printed
                break
            else:
                matches(event, step.get("expect", {}))
                if event["event"] == "execution-start":
                    execution, printed = event["executionId"], {"stdout": "", "stderr": ""}
                break


def main(address):
    client, events = socketio.Client(reconnection=False), queue.Queue()
    for name in EVENTS:
        client.on(name, lambda fields, name=name: events.put({"event": name, **fields}))
    client.connect(f"http://{address}")
    steps = json.loads((pathlib.Path(__file__).parent / "script.json").read_text(encoding="utf-8"))
    play(client, events, steps)
    client.disconnect()
    print("python-socketio: the script was played")


main(sys.argv[1])
