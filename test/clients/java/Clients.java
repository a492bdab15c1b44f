import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs the Java clients of S3 against a server and prints one JSON line for each job. */
public final class Clients {
  /** A job fails by anything that it throws. */
  interface Job {
    void run() throws Exception;
  }

  public static void main(String[] groups) throws Exception {
    for (String group : groups) {
      for (Map.Entry<String, Job> job : jobsOf(group).entrySet()) System.out.println(outcome(job.getKey(), job.getValue()));
    }
    // Threads of the clients' pools would keep the program alive.
    System.exit(0);
  }

  private static Map<String, Job> jobsOf(String group) throws Exception {
    Map<String, Job> jobs = new LinkedHashMap<>();
    switch (group) {
      case "sdk" -> {
        SdkJobs.register(jobs);
        ChecksumJobs.register(jobs);
        TransferJobs.register(jobs);
      }
      case "minio" -> MinioJobs.register(jobs);
      default -> throw new IllegalArgumentException("no jobs are named " + group);
    }
    return jobs;
  }

  private static String outcome(String name, Job job) {
    long started = System.nanoTime();
    String status = "ok";
    String output = "";
    try {
      job.run();
    } catch (Throwable error) {
      status = "failed";
      ByteArrayOutputStream trace = new ByteArrayOutputStream();
      error.printStackTrace(new PrintStream(trace, true));
      output = trace.toString().substring(0, Math.min(4000, trace.size()));
    }
    long ms = (System.nanoTime() - started) / 1_000_000;
    String line = "{\"job\":" + quoted(name) + ",\"ms\":" + ms + ",\"status\":" + quoted(status);
    return line + (output.isEmpty() ? "}" : ",\"output\":" + quoted(output) + "}");
  }

  private static String quoted(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ' || c > '~') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static String env(String name) {
    return System.getenv(name);
  }

  static void same(Object actual, Object expected, String what) {
    if (!java.util.Objects.deepEquals(actual, expected)) {
      throw new AssertionError(what + ": expected " + shown(expected) + ", got " + shown(actual));
    }
  }

  private static String shown(Object value) {
    return value instanceof byte[] data ? data.length + " bytes with hash " + java.util.Arrays.hashCode(data) : String.valueOf(value);
  }

  /** Fails unless the call throws, and returns what it threw. */
  static Throwable thrown(Job call, String what) {
    try {
      call.run();
    } catch (java.util.concurrent.CompletionException error) {
      return error.getCause();
    } catch (Throwable error) {
      return error;
    }
    throw new AssertionError(what + ": the call succeeded");
  }

  /** Bytes that follow from the seed alone. */
  static byte[] content(String seed, int size) {
    byte[] data = new byte[size];
    new java.util.Random(seed.hashCode()).nextBytes(data);
    return data;
  }

  static String uniqueBucket(String purpose) {
    return purpose + "-" + java.util.UUID.randomUUID().toString().substring(0, 13);
  }

  static final List<String> ODD_KEYS =
      List.of("a b", "plus+plus", "per%20cent", "\u00e9 \u00fc/\u65e5\u672c", "semi;colon&and=", "quote\"'", "tilde~(1)*!");
}
