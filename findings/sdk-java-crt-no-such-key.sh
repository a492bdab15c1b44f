#!/usr/bin/env bash
# software.amazon.awssdk 2.57.8 with the Common Runtime (S3AsyncClient.crtBuilder): getObject of a key that does not exist never fails with
# NoSuchKeyException. It asks by HEAD first, whose 404 has no body, and fails with a plain S3Exception without a code: a program that
# catches NoSuchKeyException, and was right with the other clients, does not notice.
#
# Seen against a server that answers 404 with <Code>NoSuchKey</Code> to GET, and without a body to HEAD:
#   netty: NoSuchKeyException, code NoSuchKey, by GET
#   CRT:   S3Exception, no code, by HEAD
# What helps: S3Exception.statusCode() == 404.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > pom.xml <<'XML'
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>example</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>s3</artifactId><version>2.57.8</version></dependency>
    <dependency><groupId>software.amazon.awssdk</groupId><artifactId>aws-crt-client</artifactId><version>2.57.8</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>2.0.20</version></dependency>
  </dependencies>
</project>
XML
cat > Main.java <<'JAVA'
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.model.S3Exception;

public class Main {
  private static volatile String method = "";

  public static void main(String[] args) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext("/", exchange -> {
      method = exchange.getRequestMethod();
      byte[] error = "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>".getBytes();
      exchange.getResponseHeaders().set("Content-Type", "application/xml");
      boolean head = method.equals("HEAD");
      exchange.sendResponseHeaders(404, head ? -1 : error.length);
      if (!head) exchange.getResponseBody().write(error);
      exchange.close();
    });
    server.start();
    URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    var keys = StaticCredentialsProvider.create(AwsBasicCredentials.create("AKIAIOSFODNN7EXAMPLE", "secret"));
    try (S3AsyncClient netty = S3AsyncClient.builder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(keys).forcePathStyle(true).build();
        S3AsyncClient crt = S3AsyncClient.crtBuilder().endpointOverride(endpoint).region(Region.US_EAST_1).credentialsProvider(keys).forcePathStyle(true).build()) {
      System.out.println("netty: " + failure(netty));
      System.out.println("CRT: " + failure(crt));
    }
    System.exit(0);
  }

  private static String failure(S3AsyncClient client) {
    try {
      client.getObject(b -> b.bucket("bucket").key("none"), AsyncResponseTransformer.toBytes()).join();
      return "no failure";
    } catch (CompletionException error) {
      S3Exception cause = (S3Exception) error.getCause();
      String code = cause.awsErrorDetails() == null ? null : cause.awsErrorDetails().errorCode();
      return cause.getClass().getSimpleName() + ", code " + code + ", by " + method;
    }
  }
}
JAVA
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory="$folder/jars" >/dev/null
javac -d classes -cp 'jars/*' Main.java
seen=$(java -cp 'classes:jars/*' Main)
printf '%s\n' "$seen"
[[ $seen == $'netty: NoSuchKeyException, code NoSuchKey, by GET\nCRT: S3Exception, code null, by HEAD' ]]
