import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.transfer.s3.S3TransferManager;
import software.amazon.awssdk.transfer.s3.model.DownloadRequest;

/** The transfer manager on both of the clients that it knows. */
final class TransferJobs {
  private TransferJobs() {}

  static void register(Map<String, Clients.Job> jobs) {
    jobs.put("transfer-manager-async", () -> transfers(Sdk.netty(true), "async"));
    jobs.put("transfer-manager-crt", () -> transfers(Sdk.crt(), "crt"));
  }

  private static void transfers(S3AsyncClient client, String name) throws Exception {
    Path folder = Files.createDirectories(Path.of(Clients.env("CLIENTS_FOLDER"), name));
    try (client; S3TransferManager manager = S3TransferManager.builder().s3Client(client).build()) {
      Sdk.withBucket((sync, bucket) -> {
        files(manager, bucket, folder);
        streams(manager, bucket);
        tree(manager, bucket, folder);
      });
    }
  }

  private static void files(S3TransferManager manager, String bucket, Path folder) throws Exception {
    for (int size : new int[] {0, 1000, (16 << 20) + 7}) {
      Path from = folder.resolve("file-" + size);
      Path to = folder.resolve("back-" + size);
      Files.write(from, Clients.content("file", size));
      manager.uploadFile(u -> u.source(from).putObjectRequest(b -> b.bucket(bucket).key("f"))).completionFuture().join();
      manager.copy(c -> c.copyObjectRequest(b -> b.sourceBucket(bucket).sourceKey("f").destinationBucket(bucket).destinationKey("g"))).completionFuture().join();
      manager.downloadFile(d -> d.destination(to).getObjectRequest(b -> b.bucket(bucket).key("g"))).completionFuture().join();
      Clients.same(Files.readAllBytes(to), Files.readAllBytes(from), "a file of " + size);
    }
  }

  /** A stream whose size is not known beforehand. */
  private static void streams(S3TransferManager manager, String bucket) {
    byte[] data = Clients.content("stream", 12 << 20);
    var threads = Executors.newSingleThreadExecutor();
    AsyncRequestBody body = AsyncRequestBody.fromInputStream(i -> i.inputStream(new java.io.ByteArrayInputStream(data)).contentLength(null).executor(threads));
    manager.upload(u -> u.requestBody(body).putObjectRequest(b -> b.bucket(bucket).key("s"))).completionFuture().join();
    threads.shutdown();
    var request = DownloadRequest.builder().getObjectRequest(b -> b.bucket(bucket).key("s")).responseTransformer(AsyncResponseTransformer.toBytes()).build();
    Clients.same(manager.download(request).completionFuture().join().result().asByteArray(), data, "a stream");
  }

  private static void tree(S3TransferManager manager, String bucket, Path folder) throws Exception {
    Path from = folder.resolve("tree");
    Path to = folder.resolve("tree-back");
    List<String> names = List.of("a", "deep/b c", "deep/er/\u00e9");
    for (String name : names) {
      Files.createDirectories(from.resolve(name).getParent());
      Files.write(from.resolve(name), Clients.content(name, 3000));
    }
    var up = manager.uploadDirectory(u -> u.source(from).bucket(bucket).s3Prefix("tree")).completionFuture().join();
    var down = manager.downloadDirectory(d -> d.destination(to).bucket(bucket).listObjectsV2RequestTransformer(l -> l.prefix("tree/"))).completionFuture().join();
    Clients.same(List.of(up.failedTransfers(), down.failedTransfers()), List.of(List.of(), List.of()), "failures");
    for (String name : names) Clients.same(Files.readAllBytes(to.resolve(name)), Clients.content(name, 3000), name);
  }
}
