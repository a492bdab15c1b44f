import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import software.amazon.awssdk.checksums.DefaultChecksumAlgorithm;
import software.amazon.awssdk.checksums.SdkChecksum;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.ChecksumAlgorithm;
import software.amazon.awssdk.services.s3.model.ChecksumMode;
import software.amazon.awssdk.services.s3.model.ChecksumType;
import software.amazon.awssdk.services.s3.model.CompletedPart;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.UploadPartRequest;

/** All ten checksums: the SDK computes each of them by itself, the XXHASH family by the Common Runtime, but takes MD5 only by value. */
final class ChecksumJobs {
  private static final Map<ChecksumAlgorithm, software.amazon.awssdk.checksums.spi.ChecksumAlgorithm> CODE =
      new EnumMap<>(ChecksumAlgorithm.class);

  static {
    CODE.put(ChecksumAlgorithm.CRC32, DefaultChecksumAlgorithm.CRC32);
    CODE.put(ChecksumAlgorithm.CRC32_C, DefaultChecksumAlgorithm.CRC32C);
    CODE.put(ChecksumAlgorithm.CRC64_NVME, DefaultChecksumAlgorithm.CRC64NVME);
    CODE.put(ChecksumAlgorithm.SHA1, DefaultChecksumAlgorithm.SHA1);
    CODE.put(ChecksumAlgorithm.SHA256, DefaultChecksumAlgorithm.SHA256);
    CODE.put(ChecksumAlgorithm.SHA512, DefaultChecksumAlgorithm.SHA512);
    CODE.put(ChecksumAlgorithm.MD5, DefaultChecksumAlgorithm.MD5);
    CODE.put(ChecksumAlgorithm.XXHASH64, DefaultChecksumAlgorithm.XXHASH64);
    CODE.put(ChecksumAlgorithm.XXHASH3, DefaultChecksumAlgorithm.XXHASH3);
    CODE.put(ChecksumAlgorithm.XXHASH128, DefaultChecksumAlgorithm.XXHASH128);
  }

  private ChecksumJobs() {}

  static void register(Map<String, Clients.Job> jobs) {
    jobs.put("sync-checksums", () -> Sdk.withBucket((sync, bucket) -> eachAlgorithm(Sdk.store(sync), sync, bucket)));
    jobs.put("async-checksums", () -> async(Sdk.netty(false)));
    jobs.put("crt-checksums", () -> async(Sdk.crt()));
    jobs.put("checksums-of-parts", () -> Sdk.withBucket(ChecksumJobs::parts));
    jobs.put("a-wrong-checksum", () -> Sdk.withBucket(ChecksumJobs::wrong));
  }

  private static void async(S3AsyncClient client) throws Exception {
    try (client) {
      Sdk.withBucket((sync, bucket) -> eachAlgorithm(Sdk.store(client), sync, bucket));
    }
  }

  private static byte[] sum(ChecksumAlgorithm algorithm, byte[] data) {
    SdkChecksum checksum = SdkChecksum.forAlgorithm(CODE.get(algorithm));
    checksum.update(data);
    return checksum.getChecksumBytes();
  }

  private static String base64(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }

  private static String shown(HeadObjectResponse head, ChecksumAlgorithm algorithm) {
    return switch (algorithm) {
      case CRC32 -> head.checksumCRC32();
      case CRC32_C -> head.checksumCRC32C();
      case CRC64_NVME -> head.checksumCRC64NVME();
      case SHA1 -> head.checksumSHA1();
      case SHA256 -> head.checksumSHA256();
      case SHA512 -> head.checksumSHA512();
      case MD5 -> head.checksumMD5();
      case XXHASH64 -> head.checksumXXHASH64();
      case XXHASH3 -> head.checksumXXHASH3();
      case XXHASH128 -> head.checksumXXHASH128();
      default -> throw new IllegalArgumentException(algorithm.toString());
    };
  }

  private static void eachAlgorithm(Sdk.Store store, S3Client sync, String bucket) {
    for (ChecksumAlgorithm algorithm : CODE.keySet()) {
      String key = algorithm.toString();
      for (int size : new int[] {0, 200, 300_000}) {
        byte[] data = Clients.content(key, size);
        PutObjectRequest.Builder request = PutObjectRequest.builder().bucket(bucket).key(key);
        boolean computes = algorithm != ChecksumAlgorithm.MD5;
        if (computes) request.checksumAlgorithm(algorithm);
        else request.checksumMD5(base64(sum(algorithm, data)));
        store.put(request.build(), data);
        HeadObjectResponse head = sync.headObject(b -> b.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED));
        Clients.same(List.of(shown(head, algorithm), head.checksumType()), List.of(base64(sum(algorithm, data)), ChecksumType.FULL_OBJECT), "HEAD of " + key);
        // The client verifies what it reads.
        Clients.same(store.get(GetObjectRequest.builder().bucket(bucket).key(key).build()).asByteArray(), data, key);
      }
    }
  }

  private static void parts(S3Client client, String bucket) throws Exception {
    byte[][] parts = {Clients.content("part 1", 5 << 20), Clients.content("part 2", 70_000)};
    for (ChecksumAlgorithm algorithm : CODE.keySet()) {
      String key = algorithm.toString();
      ChecksumType kind = key.startsWith("CRC64") ? ChecksumType.FULL_OBJECT : ChecksumType.COMPOSITE;
      var upload = client.createMultipartUpload(b -> b.bucket(bucket).key(key).checksumAlgorithm(algorithm).checksumType(kind));
      List<CompletedPart> sent = new ArrayList<>();
      java.io.ByteArrayOutputStream sums = new java.io.ByteArrayOutputStream();
      for (int i = 0; i < parts.length; i++) {
        int number = i + 1;
        byte[] part = parts[i];
        var request = UploadPartRequest.builder().bucket(bucket).key(key).uploadId(upload.uploadId()).partNumber(number);
        if (algorithm == ChecksumAlgorithm.MD5) request.checksumMD5(base64(sum(algorithm, part)));
        else request.checksumAlgorithm(algorithm);
        var answer = client.uploadPart(request.build(), RequestBody.fromBytes(part));
        sums.write(sum(algorithm, part));
        sent.add(completed(number, answer.eTag(), algorithm, base64(sum(algorithm, part))));
      }
      client.completeMultipartUpload(b -> b.bucket(bucket).key(key).uploadId(upload.uploadId()).checksumType(kind).multipartUpload(m -> m.parts(sent)));
      HeadObjectResponse head = client.headObject(b -> b.bucket(bucket).key(key).checksumMode(ChecksumMode.ENABLED));
      byte[] whole = new byte[parts[0].length + parts[1].length];
      System.arraycopy(parts[0], 0, whole, 0, parts[0].length);
      System.arraycopy(parts[1], 0, whole, parts[0].length, parts[1].length);
      String expected = kind == ChecksumType.FULL_OBJECT ? base64(sum(algorithm, whole)) : base64(sum(algorithm, sums.toByteArray())) + "-2";
      Clients.same(List.of(shown(head, algorithm), head.checksumType()), List.of(expected, kind), "HEAD of " + key);
      Clients.same(client.getObjectAsBytes(b -> b.bucket(bucket).key(key)).asByteArray(), whole, key);
    }
  }

  private static CompletedPart completed(int number, String etag, ChecksumAlgorithm algorithm, String value) {
    CompletedPart.Builder part = CompletedPart.builder().partNumber(number).eTag(etag);
    CompletedPart.Builder whole = switch (algorithm) {
      case CRC32 -> part.checksumCRC32(value);
      case CRC32_C -> part.checksumCRC32C(value);
      case CRC64_NVME -> part.checksumCRC64NVME(value);
      case SHA1 -> part.checksumSHA1(value);
      case SHA256 -> part.checksumSHA256(value);
      case SHA512 -> part.checksumSHA512(value);
      case MD5 -> part.checksumMD5(value);
      case XXHASH64 -> part.checksumXXHASH64(value);
      case XXHASH3 -> part.checksumXXHASH3(value);
      case XXHASH128 -> part.checksumXXHASH128(value);
      default -> throw new IllegalArgumentException(algorithm.toString());
    };
    return whole.build();
  }

  /** By digests of Java itself, so that one wrong library cannot agree with itself. */
  private static void wrong(S3Client client, String bucket) throws Exception {
    byte[] data = "clay".getBytes();
    String sha512 = base64(MessageDigest.getInstance("SHA-512").digest(data));
    String md5 = base64(MessageDigest.getInstance("MD5").digest(data));
    client.putObject(b -> b.bucket(bucket).key("k").checksumSHA512(sha512), RequestBody.fromBytes(data));
    client.putObject(b -> b.bucket(bucket).key("k").checksumMD5(md5), RequestBody.fromBytes(data));
    for (Clients.Job put : List.<Clients.Job>of(
        () -> client.putObject(b -> b.bucket(bucket).key("w").checksumSHA512(sha512), RequestBody.fromString("sand")),
        () -> client.putObject(b -> b.bucket(bucket).key("w").checksumMD5(md5), RequestBody.fromString("sand")))) {
      Clients.same(((S3Exception) Clients.thrown(put, "a wrong checksum")).awsErrorDetails().errorCode(), "BadDigest", "the error");
    }
    Clients.same(((S3Exception) Clients.thrown(() -> client.headObject(b -> b.bucket(bucket).key("w")), "HEAD")).statusCode(), 404, "what was refused");
  }
}
