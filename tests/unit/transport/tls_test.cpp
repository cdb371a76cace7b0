#include "raw_server.h"
#include "transport/http_client.h"

#include <gtest/gtest.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

namespace underpin::transport {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A certificate for 127.0.0.1 and localhost that signs itself, in a file clients may trust.
class TlsServer : public ::testing::Test {
 protected:
  void SetUp() override {
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    ASSERT_NE(key_, nullptr);
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    ASSERT_NE(names, nullptr);
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    ASSERT_GT(X509_sign(certificate_, key_, EVP_sha256()), 0);
    ca_file_ = (std::filesystem::temp_directory_path() /
                ("underpin-ca-" + std::to_string(::getpid()) + ".pem"))
                   .string();
    std::FILE* file = std::fopen(ca_file_.c_str(), "w");
    ASSERT_NE(file, nullptr);
    PEM_write_X509(file, certificate_);
    std::fclose(file);
    context_ = SSL_CTX_new(TLS_server_method());
    ASSERT_EQ(SSL_CTX_use_certificate(context_, certificate_), 1);
    ASSERT_EQ(SSL_CTX_use_PrivateKey(context_, key_), 1);
  }
  void TearDown() override {
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
    std::filesystem::remove(ca_file_);
  }

  // Accepts TLS and hands the session to `speak`.
  RawServer::Serve over_tls(std::function<void(SSL*)> speak) {
    return [this, speak](Peer& peer, int) {
      // This thread only: the client must do without.
      sigset_t pipe;
      sigemptyset(&pipe);
      sigaddset(&pipe, SIGPIPE);
      pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
      SSL* ssl = SSL_new(context_);
      SSL_set_fd(ssl, peer.descriptor());
      if (SSL_accept(ssl) == 1) speak(ssl);
      SSL_free(ssl);
    };
  }
  static bool read_request(SSL* ssl) {
    std::string text;
    char bytes[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
      const int count = SSL_read(ssl, bytes, sizeof bytes);
      if (count <= 0) return false;
      text.append(bytes, static_cast<std::size_t>(count));
    }
    return true;
  }
  static bool say(SSL* ssl, const std::string& text) {
    return SSL_write(ssl, text.data(), static_cast<int>(text.size())) > 0;
  }
  static CallContext within(int ms) {
    CallContext context;
    context.deadline = steady_clock::now() + milliseconds(ms);
    return context;
  }
  static std::string url(const RawServer& server, const std::string& host = "127.0.0.1") {
    return "https://" + host + ":" + std::to_string(server.port()) + "/";
  }

  std::string ca_file_;
  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  SSL_CTX* context_ = nullptr;
};

const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(TlsServer, ThatIsTrustedAnswersManyCallsOnOneConnection) {
  RawServer server(over_tls([](SSL* ssl) {
    while (read_request(ssl)) say(ssl, ok);
  }));
  ClientSettings settings;
  settings.ca_file = ca_file_;
  HttpClient client(settings);
  for (int i = 0; i < 5; ++i) {
    const auto answer = client.send({"POST", url(server), {}, ""}, within(5000));
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->body, "ok");
  }
  EXPECT_EQ(server.connections(), 1) << "session tickets are no sign of an end";
  EXPECT_TRUE(client.send({"GET", url(server, "localhost")}, within(5000)).has_value());
}

TEST_F(TlsServer, ThatIsNotTrustedGetsNoRequest) {
  std::atomic<bool> asked{false};
  RawServer server(over_tls([&](SSL* ssl) {
    if (read_request(ssl)) asked = true;
  }));
  HttpClient strict({});
  const auto refused = strict.send({"POST", url(server), {}, "secret"}, within(5000));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_FALSE(asked);
}

TEST_F(TlsServer, ThatDripsIsCutAtTheDeadline) {
  RawServer server(over_tls([](SSL* ssl) {
    read_request(ssl);
    say(ssl, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    while (say(ssl, "x")) std::this_thread::sleep_for(milliseconds(20));
  }));
  ClientSettings settings;
  settings.ca_file = ca_file_;
  HttpClient client(settings);
  const auto begun = steady_clock::now();
  const auto cut = client.send({"POST", url(server), {}, "{}"}, within(500));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::outcome_unknown);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(3000));
}

TEST_F(TlsServer, ThatNeverShakesHandsIsUnavailable) {
  RawServer server([](Peer& peer, int) { peer.await_end(); });
  ClientSettings settings;
  settings.ca_file = ca_file_;
  settings.connect_timeout_ms = 300;
  HttpClient client(settings);
  const auto begun = steady_clock::now();
  const auto cut = client.send({"POST", url(server), {}, "{}"}, within(20'000));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::unavailable);
  EXPECT_LT(steady_clock::now() - begun, milliseconds(5000));
}

TEST_F(TlsServer, ThatCutsABodyWithoutALengthHasNotAnswered) {
  RawServer server(over_tls([](SSL* ssl) {
    read_request(ssl);
    say(ssl, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of it");
    // No close_notify: anybody on the way can end a TCP connection.
  }));
  ClientSettings settings;
  settings.ca_file = ca_file_;
  HttpClient client(settings);
  const auto cut = client.send({"POST", url(server), {}, "{}"}, within(5000));
  ASSERT_FALSE(cut.has_value());
  EXPECT_EQ(cut.error().code, ErrorCode::outcome_unknown);
}

TEST(TlsFiles, ThatCannotBeUsedAreNamed) {
  ClientSettings settings;
  settings.ca_file = "/no/such/ca.pem";
  try {
    HttpClient client(settings);
    FAIL() << "a client without its CA file was made";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/ca.pem"), std::string::npos);
  }
}

}  // namespace
}  // namespace underpin::transport
