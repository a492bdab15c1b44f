#!/usr/bin/env bash
# io.minio:minio 9.0.4 by Maven: a program with this one dependency does not compile ("class file for okhttp3.HttpUrl not found"), nor
# would it run. The library names com.squareup.okhttp3:okhttp 5.5.1, whose jar for Maven is empty; Gradle, which reads another
# metadata file, takes okhttp-jvm instead.
#
# What helps: the dependency com.squareup.okhttp3:okhttp-jvm 5.5.1 beside it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > Main.java <<'JAVA'
import io.minio.MinioClient;

public class Main {
  public static void main(String[] args) {
    System.out.println(MinioClient.builder().endpoint("http://127.0.0.1:9000").build().getClass());
  }
}
JAVA
fetch() {
  cat > pom.xml <<XML
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>example</groupId><artifactId>example</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.minio</groupId><artifactId>minio</artifactId><version>9.0.4</version></dependency>
    $2
  </dependencies>
</project>
XML
  mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies -DoutputDirectory="$folder/$1" >/dev/null
}
fetch alone ""
fetch helped "<dependency><groupId>com.squareup.okhttp3</groupId><artifactId>okhttp-jvm</artifactId><version>5.5.1</version></dependency>"
if alone=$(javac -d classes -cp 'alone/*' Main.java 2>&1); then
  echo "it compiles"
  exit 1
fi
printf '%s\n' "$alone"
grep -q 'okhttp3.HttpUrl not found' <<<"$alone"
javac -d classes -cp 'helped/*' Main.java
java -cp 'classes:helped/*' Main
