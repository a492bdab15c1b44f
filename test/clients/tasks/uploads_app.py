"""A Celery application: one task for each uploaded file."""

import hashlib
import os
from urllib.parse import quote

from celery import Celery
from harness import ACCESS_KEY, ENDPOINT, REGION, SECRET_KEY, client

app = Celery("uploads", broker=f"sqs://{quote(ACCESS_KEY, safe='')}:{quote(SECRET_KEY, safe='')}@{ENDPOINT.split('//')[1]}//")
app.conf.update(
    task_default_queue=os.environ["CLIENTS_TASK_QUEUE"],
    task_acks_late=True,
    worker_enable_remote_control=False,
    worker_prefetch_multiplier=4,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "region": REGION,
        "is_secure": False,
        "visibility_timeout": 30,
        "wait_time_seconds": 5,
    },
)


@app.task
def digest(bucket, key):
    s3 = client()
    body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.put_object(Bucket=bucket, Key=key.replace("in/", "out/"), Body=hashlib.sha256(body).hexdigest())
