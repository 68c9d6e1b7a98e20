import java.io.*;
import java.lang.reflect.Method;
import java.net.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

/** The agent of the matrix for JSSE. Commands and reports as src/matrix/peers/agent.ts has them. */
public final class MatrixAgent {
  private static final char[] NO_PASSWORD = {};

  public static void main(String[] arguments) throws IOException {
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = commands.readLine()) != null; ) {
      Map<String, String> fields = new HashMap<>();
      for (String field : line.split("\t")) {
        int at = field.indexOf('=');
        fields.put(field.substring(0, at), field.substring(at + 1));
      }
      Thread thread = new Thread(() -> run(fields));
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static synchronized void say(Map<String, String> fields, String at, String... pairs) {
    StringBuilder line = new StringBuilder("at=" + at + "\tid=" + fields.get("id"));
    for (int i = 0; i + 1 < pairs.length; i += 2) {
      if (pairs[i + 1] == null || pairs[i + 1].isEmpty()) continue;
      line.append('\t').append(pairs[i]).append('=');
      line.append(pairs[i + 1].replace('\t', ' ').replace('\n', ' '));
    }
    System.out.println(line);
  }

  private static void run(Map<String, String> fields) {
    try {
      SSLContext context = context(fields);
      if (fields.get("do").equals("listen")) {
        listen(fields, context);
      } else {
        Socket transport = new Socket(InetAddress.getLoopbackAddress(), Integer.parseInt(fields.get("port")));
        // With a host name and no address of its own, so that the name is the one to be checked.
        Socket socket =
            context.getSocketFactory().createSocket(transport, fields.get("name"), transport.getPort(), true);
        converse(fields, (SSLSocket) socket);
      }
    } catch (Exception error) {
      say(fields, "failed", "message", error.toString());
    }
  }

  private static void listen(Map<String, String> fields, SSLContext context) throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      say(fields, "listening", "port", Integer.toString(listener.getLocalPort()));
      Socket transport = listener.accept();
      SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(transport, null, true);
      socket.setUseClientMode(false);
      converse(fields, socket);
    }
  }

  /** Echoes until the peer's close_notify, and answers it. */
  private static void converse(Map<String, String> fields, SSLSocket socket) throws Exception {
    try (socket) {
      SSLParameters parameters = socket.getSSLParameters();
      configure(fields, parameters, socket.getUseClientMode());
      socket.setSSLParameters(parameters);
      socket.startHandshake();
      SSLSession session = socket.getSession();
      say(fields, "secure",
          "version", session.getProtocol(),
          "suite", session.getCipherSuite(),
          "alpn", socket.getApplicationProtocol());
      InputStream input = socket.getInputStream();
      OutputStream output = socket.getOutputStream();
      byte[] buffer = new byte[16_384];
      for (int length; (length = input.read(buffer)) >= 0; ) {
        output.write(buffer, 0, length);
        output.flush();
      }
    }
    say(fields, "closed");
  }

  private static void configure(Map<String, String> fields, SSLParameters parameters, boolean isClient) {
    String min = fields.get("min");
    String max = fields.get("max");
    parameters.setProtocols(min.equals(max) ? new String[] {min} : new String[] {min, max});
    parameters.setCipherSuites(fields.get("suites").split(","));
    parameters.setUseCipherSuitesOrder(fields.get("preference").equals("server"));
    setIfPresent(parameters, "setNamedGroups", fields.get("groups"));
    setIfPresent(parameters, "setSignatureSchemes", fields.get("schemes"));
    if (fields.containsKey("alpn")) {
      parameters.setApplicationProtocols(fields.get("alpn").split(","));
    }
    if (isClient) {
      parameters.setEndpointIdentificationAlgorithm("HTTPS");
      parameters.setServerNames(List.of(new SNIHostName(fields.get("name"))));
    } else {
      parameters.setNeedClientAuth(fields.containsKey("ca"));
    }
  }

  /** Java 19 and 20 added these setters; before, only properties of the whole process can say it. */
  private static void setIfPresent(SSLParameters parameters, String setter, String list) {
    try {
      Method method = SSLParameters.class.getMethod(setter, String[].class);
      method.invoke(parameters, (Object) list.split(","));
    } catch (ReflectiveOperationException absent) {
      // The harness knows: see `tellable` in jsse.ts.
    }
  }

  private static SSLContext context(Map<String, String> fields) throws Exception {
    KeyManager[] keyManagers = null;
    TrustManager[] trustManagers = null;
    if (fields.containsKey("cert")) {
      KeyStore keys = emptyStore();
      keys.setKeyEntry("own", key(fields.get("key")), NO_PASSWORD, certificates(fields.get("cert")));
      KeyManagerFactory factory = KeyManagerFactory.getInstance("PKIX");
      factory.init(keys, NO_PASSWORD);
      keyManagers = factory.getKeyManagers();
    }
    if (fields.containsKey("ca")) {
      KeyStore anchors = emptyStore();
      anchors.setCertificateEntry("ca", certificates(fields.get("ca"))[0]);
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(anchors);
      trustManagers = factory.getTrustManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keyManagers, trustManagers, null);
    return context;
  }

  private static KeyStore emptyStore() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, NO_PASSWORD);
    return store;
  }

  private static java.security.cert.Certificate[] certificates(String path) throws Exception {
    try (InputStream input = Files.newInputStream(Path.of(path))) {
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(input)
          .toArray(new java.security.cert.Certificate[0]);
    }
  }

  /** A key in PKCS#8, whose algorithm is found by trying. */
  private static PrivateKey key(String path) throws Exception {
    String body = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----", "");
    PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body));
    for (String algorithm : new String[] {"EC", "RSASSA-PSS", "RSA", "EdDSA"}) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (GeneralSecurityException notThis) {
        // Another one.
      }
    }
    throw new InvalidKeyException("no algorithm for " + path);
  }
}
