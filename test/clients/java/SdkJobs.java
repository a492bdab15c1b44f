import java.io.ByteArrayInputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketVersioningStatus;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.NoSuchBucketException;
import software.amazon.awssdk.services.s3.model.NoSuchKeyException;
import software.amazon.awssdk.services.s3.model.NoSuchUploadException;
import software.amazon.awssdk.services.s3.model.ObjectStorageClass;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.StorageClass;
import software.amazon.awssdk.services.s3.presigner.S3Presigner;
import software.amazon.awssdk.services.s3.S3Configuration;

/** The SDK for Java v2: objects by each of its clients, listings, errors, conditions, classes, presigned URLs. */
final class SdkJobs {
  private SdkJobs() {}

  static void register(Map<String, Clients.Job> jobs) {
    jobs.put("sync-objects", () -> withStore(Sdk.sync(), SdkJobs::objects));
    jobs.put("url-connection-objects", () -> withStore(Sdk.urlConnection(), SdkJobs::objects));
    jobs.put("async-objects", () -> withStore(Sdk.netty(false), SdkJobs::objects));
    jobs.put("async-objects-by-parts", () -> withStore(Sdk.netty(true), SdkJobs::objects));
    jobs.put("crt-objects", () -> withStore(Sdk.crt(), SdkJobs::objects));
    jobs.put("stream-of-known-size", () -> Sdk.withBucket(SdkJobs::streams));
    jobs.put("listings-copies-versions", () -> Sdk.withBucket(SdkJobs::listings));
    jobs.put("errors-by-type", () -> Sdk.withBucket(SdkJobs::errors));
    jobs.put("conditional-writes", () -> Sdk.withBucket(SdkJobs::conditions));
    jobs.put("storage-classes", () -> Sdk.withBucket(SdkJobs::classes));
    jobs.put("presigned-urls", () -> Sdk.withBucket(SdkJobs::presigned));
  }

  private interface StoreWork {
    void with(Sdk.Store store, String bucket);
  }

  private static void withStore(S3Client client, StoreWork work) throws Exception {
    try (client) {
      Sdk.withBucket((sync, bucket) -> work.with(Sdk.store(client), bucket));
    }
  }

  private static void withStore(S3AsyncClient client, StoreWork work) throws Exception {
    try (client) {
      Sdk.withBucket((sync, bucket) -> work.with(Sdk.store(client), bucket));
    }
  }

  private static void objects(Sdk.Store store, String bucket) {
    for (int size : new int[] {0, 1, 100_000, 13 << 20}) {
      byte[] data = Clients.content("object", size);
      store.put(PutObjectRequest.builder().bucket(bucket).key("o").contentType("text/x-pot").metadata(Map.of("kind", "pot")).build(), data);
      var got = store.get(GetObjectRequest.builder().bucket(bucket).key("o").build());
      Clients.same(got.asByteArray(), data, "body of " + size);
      Clients.same(List.of(got.response().contentType(), got.response().metadata()), List.of("text/x-pot", Map.of("kind", "pot")), "headers");
    }
    byte[] middle = store.get(GetObjectRequest.builder().bucket(bucket).key("o").range("bytes=7000000-7000999").build()).asByteArray();
    Clients.same(middle, java.util.Arrays.copyOfRange(Clients.content("object", 13 << 20), 7_000_000, 7_001_000), "a range");
    for (String key : Clients.ODD_KEYS) {
      store.put(PutObjectRequest.builder().bucket(bucket).key(key).build(), key.getBytes());
      Clients.same(store.get(GetObjectRequest.builder().bucket(bucket).key(key).build()).asUtf8String().length() > 0, true, key);
    }
    Throwable missing = Clients.thrown(() -> store.get(GetObjectRequest.builder().bucket(bucket).key("none").build()), "a missing key");
    // The Common Runtime asks by HEAD first, whose 404 has no code.
    Clients.same(((S3Exception) missing).statusCode(), 404, "the status of " + missing);
  }

  /** Over plain http each chunk is signed, and the trailer too. */
  private static void streams(S3Client client, String bucket) {
    for (int size : new int[] {0, 10, 200_000, 1_000_000}) {
      byte[] data = Clients.content("stream", size);
      client.putObject(b -> b.bucket(bucket).key("s"), RequestBody.fromInputStream(new ByteArrayInputStream(data), size));
      Clients.same(client.getObjectAsBytes(b -> b.bucket(bucket).key("s")).asByteArray(), data, "a stream of " + size);
    }
  }

  private static void listings(S3Client client, String bucket) {
    client.putBucketVersioning(b -> b.bucket(bucket).versioningConfiguration(v -> v.status(BucketVersioningStatus.ENABLED)));
    for (String key : Clients.ODD_KEYS) {
      client.putObject(b -> b.bucket(bucket).key("from/" + key), RequestBody.fromString(key));
      client.copyObject(b -> b.sourceBucket(bucket).sourceKey("from/" + key).destinationBucket(bucket).destinationKey("to/" + key));
    }
    List<String> found = new ArrayList<>();
    client.listObjectsV2Paginator(b -> b.bucket(bucket).prefix("to/").maxKeys(2)).contents().forEach(o -> found.add(o.key().substring(3)));
    Clients.same(new java.util.TreeSet<>(found), new java.util.TreeSet<>(Clients.ODD_KEYS), "keys listed");
    List<String> folders = new ArrayList<>();
    client.listObjectsV2(b -> b.bucket(bucket).delimiter("/")).commonPrefixes().forEach(p -> folders.add(p.prefix()));
    Clients.same(folders, List.of("from/", "to/"), "common prefixes");
    String first = client.putObject(b -> b.bucket(bucket).key("k"), RequestBody.fromString("first")).versionId();
    client.putObject(b -> b.bucket(bucket).key("k"), RequestBody.fromString("second"));
    Clients.same(client.deleteObject(b -> b.bucket(bucket).key("k")).deleteMarker(), true, "a delete marker");
    Clients.same(client.getObjectAsBytes(b -> b.bucket(bucket).key("k").versionId(first)).asUtf8String(), "first", "an old version");
  }

  private static String codeOf(Clients.Job call, String what) {
    return ((S3Exception) Clients.thrown(call, what)).awsErrorDetails().errorCode();
  }

  private static void errors(S3Client client, String bucket) {
    Clients.same(Clients.thrown(() -> client.headObject(b -> b.bucket(bucket).key("none")), "HEAD") instanceof NoSuchKeyException, true, "HEAD of nothing");
    Throwable noBucket = Clients.thrown(() -> client.listObjectsV2(b -> b.bucket("no-such-bucket-at-all")), "list");
    Clients.same(noBucket instanceof NoSuchBucketException, true, "a missing bucket");
    Throwable noUpload = Clients.thrown(() -> client.listParts(b -> b.bucket(bucket).key("k").uploadId("none")), "parts");
    Clients.same(noUpload instanceof NoSuchUploadException, true, "a missing upload");
    client.putObject(b -> b.bucket(bucket).key("k"), RequestBody.fromString("short"));
    Clients.same(codeOf(() -> client.getObjectAsBytes(b -> b.bucket(bucket).key("k").range("bytes=5-")), "range"), "InvalidRange", "a range");
    Clients.same(codeOf(() -> client.deleteBucket(b -> b.bucket(bucket)), "delete"), "BucketNotEmpty", "a full bucket");
  }

  private static void conditions(S3Client client, String bucket) {
    String etag = client.putObject(b -> b.bucket(bucket).key("k").ifNoneMatch("*"), RequestBody.fromString("one")).eTag();
    Clients.same(codeOf(() -> client.putObject(b -> b.bucket(bucket).key("k").ifNoneMatch("*"), RequestBody.fromString("two")), "put"), "PreconditionFailed", "If-None-Match");
    client.putObject(b -> b.bucket(bucket).key("k").ifMatch(etag), RequestBody.fromString("three"));
    Clients.same(codeOf(() -> client.putObject(b -> b.bucket(bucket).key("k").ifMatch(etag), RequestBody.fromString("four")), "put"), "PreconditionFailed", "If-Match");
    Clients.same(client.getObjectAsBytes(b -> b.bucket(bucket).key("k")).asUtf8String(), "three", "what is stored");
  }

  private static final List<StorageClass> CLASSES = List.of(
      StorageClass.STANDARD, StorageClass.STANDARD_IA, StorageClass.ONEZONE_IA, StorageClass.INTELLIGENT_TIERING,
      StorageClass.GLACIER, StorageClass.GLACIER_IR, StorageClass.DEEP_ARCHIVE, StorageClass.REDUCED_REDUNDANCY);

  private static void classes(S3Client client, String bucket) {
    for (StorageClass kind : CLASSES) {
      String key = kind.toString();
      client.putObject(b -> b.bucket(bucket).key(key).storageClass(kind), RequestBody.fromString(key));
      StorageClass shown = client.headObject(b -> b.bucket(bucket).key(key)).storageClass();
      Clients.same(shown == null ? StorageClass.STANDARD : shown, kind, "HEAD of " + key);
      ObjectStorageClass listed = client.listObjectsV2(b -> b.bucket(bucket).prefix(key).maxKeys(1)).contents().get(0).storageClass();
      Clients.same(listed.toString(), key, "list");
      client.copyObject(b -> b.sourceBucket(bucket).sourceKey(key).destinationBucket(bucket).destinationKey(key).storageClass(StorageClass.GLACIER_IR));
      Clients.same(client.headObject(b -> b.bucket(bucket).key(key)).storageClass(), StorageClass.GLACIER_IR, "class after a copy of " + key);
    }
    Clients.same(codeOf(() -> client.putObject(b -> b.bucket(bucket).key("x").storageClass("LUKEWARM"), RequestBody.empty()), "class"), "InvalidStorageClass", "an unknown class");
  }

  private static void presigned(S3Client client, String bucket) throws Exception {
    S3Configuration pathStyle = S3Configuration.builder().pathStyleAccessEnabled(true).build();
    try (S3Presigner signer = S3Presigner.builder().endpointOverride(Sdk.ENDPOINT).region(Sdk.REGION).credentialsProvider(Sdk.KEYS).serviceConfiguration(pathStyle).build()) {
      URL up = signer.presignPutObject(p -> p.signatureDuration(Duration.ofMinutes(1)).putObjectRequest(b -> b.bucket(bucket).key("a b+\u00e9"))).url();
      HttpURLConnection put = (HttpURLConnection) up.openConnection();
      put.setRequestMethod("PUT");
      put.setDoOutput(true);
      try (OutputStream out = put.getOutputStream()) {
        out.write("by a link".getBytes());
      }
      Clients.same(put.getResponseCode(), 200, "PUT by a link");
      URL down = signer.presignGetObject(p -> p.signatureDuration(Duration.ofMinutes(1)).getObjectRequest(b -> b.bucket(bucket).key("a b+\u00e9"))).url();
      Clients.same(new String(down.openStream().readAllBytes()), "by a link", "GET by a link");
    }
  }
}
