"""The worked examples of the documents, as they stand there: only the address of the server is replaced."""

import contextlib
import io
import json
import os
import re
from pathlib import Path

from harness import job
from identities import expect

DOCS = Path(__file__).parents[3] / "docs"


def run(document, only):
    """Runs the Python of the sections that `only` names. What it printed, and its variables."""
    text = (DOCS / document).read_text()
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    code = []
    for section in sections:
        if section.split("\n")[0] in only:
            code += re.findall(r"^```python\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    # Webhooks need a receiver: other jobs have one.
    joined = "\n".join(part for part in code if "example.com" not in part)
    expect("boto3" in joined, f"an example in {document}")
    variables = {}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(joined.replace("http://127.0.0.1:9000", os.environ["CLIENTS_ENDPOINT"]), variables)
    return printed.getvalue(), variables


@job
def the_example_of_notifications():
    printed, _ = run("events.md", ["Notifications"])
    expect('"key":"cat.jpg"' in printed or "s3:TestEvent" in printed, f"an event in {printed}")


@job
def the_example_of_topics():
    _, variables = run("events.md", ["Topics"])
    answer = variables["sqs"].receive_message(QueueUrl=variables["queue"], WaitTimeSeconds=20)
    body = json.loads(answer["Messages"][0]["Body"])
    expect(json.loads(body["Message"])["total"] == 1200, "the message of the topic")


@job
def the_example_of_queues():
    printed, variables = run("events.md", ["Queues"])
    expect("holiday.jpg ann" in printed, printed)
    variables["queue"].reload()
    expect(json.loads(variables["queue"].attributes["RedrivePolicy"])["maxReceiveCount"] == 5, "the redrive policy")
