import io.minio.BucketExistsArgs;
import io.minio.ComposeObjectArgs;
import io.minio.ComposeSource;
import io.minio.CopyObjectArgs;
import io.minio.CopySource;
import io.minio.Directive;
import io.minio.GetObjectArgs;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.PutObjectArgs;
import io.minio.RemoveBucketArgs;
import io.minio.RemoveObjectsArgs;
import io.minio.StatObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.http.Method;
import io.minio.messages.DeleteObject;
import java.io.ByteArrayInputStream;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** minio-java: streams of unknown size, storage classes, composed objects, lists of both versions. */
final class MinioJobs {
  private MinioJobs() {}

  static void register(Map<String, Clients.Job> jobs) {
    jobs.put("objects-and-listings", () -> withBucket(MinioJobs::objects));
    jobs.put("storage-classes", () -> withBucket(MinioJobs::classes));
    jobs.put("compose-and-copy", () -> withBucket(MinioJobs::compose));
  }

  private interface Work {
    void with(MinioClient client, String bucket) throws Exception;
  }

  private static void withBucket(Work work) throws Exception {
    try (MinioClient client = MinioClient.builder().endpoint(Clients.env("CLIENTS_ENDPOINT")).region(Clients.env("AWS_DEFAULT_REGION"))
        .credentials(Clients.env("AWS_ACCESS_KEY_ID"), Clients.env("AWS_SECRET_ACCESS_KEY")).build()) {
      String bucket = Clients.uniqueBucket("minio-java");
      client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
      work.with(client, bucket);
      List<DeleteObject> doomed = new ArrayList<>();
      for (var entry : client.listObjects(ListObjectsArgs.builder().bucket(bucket).recursive(true).build())) {
        doomed.add(new DeleteObject(entry.get().objectName()));
      }
      for (var failure : client.removeObjects(RemoveObjectsArgs.builder().bucket(bucket).objects(doomed).build())) {
        throw new AssertionError(failure.get().message());
      }
      client.removeBucket(RemoveBucketArgs.builder().bucket(bucket).build());
      Clients.same(client.bucketExists(BucketExistsArgs.builder().bucket(bucket).build()), false, "bucketExists");
    }
  }

  private static void put(MinioClient client, String bucket, String key, byte[] data) throws Exception {
    client.putObject(PutObjectArgs.builder().bucket(bucket).object(key).stream(new ByteArrayInputStream(data), data.length, -1).build());
  }

  private static byte[] get(MinioClient client, String bucket, String key) throws Exception {
    try (var body = client.getObject(GetObjectArgs.builder().bucket(bucket).object(key).build())) {
      return body.readAllBytes();
    }
  }

  private static void objects(MinioClient client, String bucket) throws Exception {
    for (String key : Clients.ODD_KEYS) {
      put(client, bucket, key, Clients.content(key, 50_000));
      Clients.same(get(client, bucket, key), Clients.content(key, 50_000), key);
    }
    for (boolean first : new boolean[] {true, false}) {
      int count = 0;
      for (var entry : client.listObjects(ListObjectsArgs.builder().bucket(bucket).recursive(true).maxKeys(2).useApiVersion1(first).build())) {
        Clients.same(entry.get().size(), 50_000L, "size in the list");
        count++;
      }
      Clients.same(count, Clients.ODD_KEYS.size(), "keys listed");
    }
    byte[] large = Clients.content("large", 11 << 20);
    client.putObject(PutObjectArgs.builder().bucket(bucket).object("large").stream(new ByteArrayInputStream(large), -1, 5 << 20).build());
    Clients.same(get(client, bucket, "large"), large, "a stream of unknown size");
    try (var body = client.getObject(GetObjectArgs.builder().bucket(bucket).object("large").offset(7_000_000L).length(10L).build())) {
      Clients.same(body.readAllBytes(), java.util.Arrays.copyOfRange(large, 7_000_000, 7_000_010), "a range");
    }
    String link = client.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder().method(Method.GET).bucket(bucket).object("a b").build());
    Clients.same(new URL(link).openStream().readAllBytes(), Clients.content("a b", 50_000), "GET by a link");
    Throwable missing = Clients.thrown(() -> client.statObject(StatObjectArgs.builder().bucket(bucket).object("none").build()), "stat");
    Clients.same(((ErrorResponseException) missing).errorResponse().code(), "NoSuchKey", "stat of nothing");
  }

  private static void classes(MinioClient client, String bucket) throws Exception {
    for (String kind : List.of("STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "GLACIER_IR", "DEEP_ARCHIVE")) {
      client.putObject(PutObjectArgs.builder().bucket(bucket).object(kind).headers(Map.of("x-amz-storage-class", kind))
          .stream(new ByteArrayInputStream(kind.getBytes()), kind.length(), -1).build());
      Clients.same(new String(get(client, bucket, kind)), kind, kind);
    }
    for (var entry : client.listObjects(ListObjectsArgs.builder().bucket(bucket).build())) {
      Clients.same(entry.get().storageClass(), entry.get().objectName(), "class in the list");
    }
  }

  private static void compose(MinioClient client, String bucket) throws Exception {
    byte[] first = Clients.content("first", 5 << 20);
    put(client, bucket, "first", first);
    put(client, bucket, "second", "end".getBytes());
    client.composeObject(ComposeObjectArgs.builder().bucket(bucket).object("all").sources(List.of(
        ComposeSource.builder().bucket(bucket).object("first").build(), ComposeSource.builder().bucket(bucket).object("second").build())).build());
    byte[] all = java.util.Arrays.copyOf(first, first.length + 3);
    System.arraycopy("end".getBytes(), 0, all, first.length, 3);
    Clients.same(get(client, bucket, "all"), all, "a composed object");
    client.copyObject(CopyObjectArgs.builder().bucket(bucket).object("all").source(CopySource.builder().bucket(bucket).object("all").build())
        .metadataDirective(Directive.REPLACE).userMetadata(Map.of("glaze", "ash")).build());
    var stat = client.statObject(StatObjectArgs.builder().bucket(bucket).object("all").build());
    Clients.same(List.of(stat.size(), stat.userMetadata().get("glaze")), List.of((long) all.length, "ash"), "a copy onto itself");
  }
}
