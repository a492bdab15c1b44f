"""A site that a generator has built, synced into a bucket and crawled on the website's host, as browsers do it."""

import http.client
import json
import mimetypes
import os
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from harness import ENDPOINT, client, fresh_bucket, job, same

SITE = os.environ.get("CLIENTS_SITE", "")


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [value for name, value in attrs if name in ("href", "src") and value]


def files():
    for folder, _, names in os.walk(SITE):
        for name in names:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, SITE).replace(os.sep, "/"), path


def publish(s3, bucket):
    for key, path in files():
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        s3.upload_file(path, bucket, key, ExtraArgs={"ContentType": kind, "CacheControl": "max-age=60"})
    s3.put_bucket_website(
        Bucket=bucket,
        WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}, "ErrorDocument": {"Key": "404.html"}},
    )
    s3.delete_public_access_block(Bucket=bucket)
    allow = {"Effect": "Allow", "Principal": "*"}
    statements = [
        {**allow, "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"},
        {**allow, "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{bucket}"},
    ]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def ask(bucket, path, method="GET"):
    """Sends the website's host name, whatever the machine resolves it to."""
    server = urlsplit(ENDPOINT)
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=30)
    connection.request(method, path, headers={"Host": f"{bucket}.website.localhost:{server.port}"})
    answer = connection.getresponse()
    return answer.status, dict((name.lower(), value) for name, value in answer.getheaders()), answer.read()


@job
def a_generated_site_is_crawled():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        publish(s3, bucket)
        base = f"http://{bucket}.website.localhost"
        waiting, seen, redirects = ["/"], {"/"}, 0
        while waiting:
            path = waiting.pop()
            status, headers, body = ask(bucket, path)
            if status in (301, 302):
                redirects += 1
                targets = [headers["location"]]
            else:
                same(status, 200, path)
                same(headers["cache-control"], "max-age=60", path)
                same(int(headers["content-length"]), len(body), path)
                links = Links()
                if headers["content-type"] == "text/html":
                    links.feed(body.decode())
                targets = links.found
            for target in targets:
                found = urlsplit(urljoin(f"{base}{path}", target)).path
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
        same(redirects > 0, True, "links without a slash at their end are redirected to folders")
        for key, _ in files():
            page = "/" + key.removesuffix("index.html")
            same(page in seen or key == "404.html", True, f"{page} is linked")
        return f"{len(seen)} addresses, {redirects} redirects"


@job
def errors_and_methods():
    s3 = client()
    with fresh_bucket(s3) as bucket:
        publish(s3, bucket)
        status, headers, body = ask(bucket, "/nothing/here")
        same((status, headers["content-type"]), (404, "text/html"), "the error document's answer")
        same(b"Nothing here" in body, True, "the error document")
        same(ask(bucket, "/about/", "HEAD")[2], b"", "HEAD has no body")
        same(ask(bucket, "/about/", "DELETE")[0], 405, "websites are read only")
        same(ask(bucket, "/-/health")[0], 404, "no page of the server's")
        same(s3.get_bucket_website(Bucket=bucket)["ErrorDocument"], {"Key": "404.html"}, "the configuration")
        s3.put_object(Bucket=bucket, Key="old", WebsiteRedirectLocation="/about/")
        status, headers, _ = ask(bucket, "/old")
        same((status, urlsplit(headers["location"]).path), (301, "/about/"), "an object's redirect")
        s3.delete_bucket_website(Bucket=bucket)
        same(ask(bucket, "/")[0], 404, "no website any more")
