import java.net.URI;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.ResponseBytes;
import software.amazon.awssdk.core.async.AsyncRequestBody;
import software.amazon.awssdk.core.async.AsyncResponseTransformer;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.http.urlconnection.UrlConnectionHttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;

/** The SDK's four clients, and what all of them do alike: put and get. */
final class Sdk {
  static final URI ENDPOINT = URI.create(Clients.env("CLIENTS_ENDPOINT"));
  static final Region REGION = Region.of(Clients.env("AWS_DEFAULT_REGION"));
  static final StaticCredentialsProvider KEYS = StaticCredentialsProvider.create(
      AwsBasicCredentials.create(Clients.env("AWS_ACCESS_KEY_ID"), Clients.env("AWS_SECRET_ACCESS_KEY")));

  private Sdk() {}

  static S3Client sync() {
    return S3Client.builder().endpointOverride(ENDPOINT).region(REGION).credentialsProvider(KEYS).forcePathStyle(true)
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1))).build();
  }

  static S3Client urlConnection() {
    return S3Client.builder().endpointOverride(ENDPOINT).region(REGION).credentialsProvider(KEYS).forcePathStyle(true)
        .httpClient(UrlConnectionHttpClient.create()).overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1))).build();
  }

  static S3AsyncClient netty(boolean multipart) {
    return S3AsyncClient.builder().endpointOverride(ENDPOINT).region(REGION).credentialsProvider(KEYS).forcePathStyle(true)
        .multipartEnabled(multipart).multipartConfiguration(m -> m.minimumPartSizeInBytes(5L << 20).thresholdInBytes(6L << 20))
        .overrideConfiguration(c -> c.retryStrategy(r -> r.maxAttempts(1))).build();
  }

  static S3AsyncClient crt() {
    return S3AsyncClient.crtBuilder().endpointOverride(ENDPOINT).region(REGION).credentialsProvider(KEYS).forcePathStyle(true)
        .minimumPartSizeInBytes(5L << 20).thresholdInBytes(6L << 20).build();
  }

  /** Put and get by any of the clients. */
  interface Store {
    PutObjectResponse put(PutObjectRequest request, byte[] data);

    ResponseBytes<GetObjectResponse> get(GetObjectRequest request);
  }

  static Store store(S3Client client) {
    return new Store() {
      public PutObjectResponse put(PutObjectRequest request, byte[] data) {
        return client.putObject(request, RequestBody.fromBytes(data));
      }

      public ResponseBytes<GetObjectResponse> get(GetObjectRequest request) {
        return client.getObjectAsBytes(request);
      }
    };
  }

  static Store store(S3AsyncClient client) {
    return new Store() {
      public PutObjectResponse put(PutObjectRequest request, byte[] data) {
        return client.putObject(request, AsyncRequestBody.fromBytes(data)).join();
      }

      public ResponseBytes<GetObjectResponse> get(GetObjectRequest request) {
        CompletableFuture<ResponseBytes<GetObjectResponse>> got = client.getObject(request, AsyncResponseTransformer.toBytes());
        return got.join();
      }
    };
  }

  interface Work {
    void with(S3Client client, String bucket) throws Exception;
  }

  /** Works in a new bucket, and removes it with all that is in it. */
  static void withBucket(Work work) throws Exception {
    try (S3Client client = sync()) {
      String bucket = Clients.uniqueBucket("java");
      client.createBucket(b -> b.bucket(bucket));
      client.waiter().waitUntilBucketExists(b -> b.bucket(bucket));
      work.with(client, bucket);
      for (var page : client.listObjectVersionsPaginator(b -> b.bucket(bucket))) {
        List<ObjectIdentifier> doomed = new java.util.ArrayList<>();
        page.versions().forEach(v -> doomed.add(ObjectIdentifier.builder().key(v.key()).versionId(v.versionId()).build()));
        page.deleteMarkers().forEach(v -> doomed.add(ObjectIdentifier.builder().key(v.key()).versionId(v.versionId()).build()));
        if (doomed.isEmpty()) continue;
        var gone = client.deleteObjects(b -> b.bucket(bucket).delete(d -> d.objects(doomed)));
        Clients.same(List.of(gone.deleted().size(), gone.errors().size()), List.of(doomed.size(), 0), "DeleteObjects");
      }
      client.deleteBucket(b -> b.bucket(bucket));
    }
  }
}
