#include "transport/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace underpin::transport {
namespace {

using std::chrono::steady_clock;

Error unavailable(std::string message) { return {ErrorCode::unavailable, std::move(message)}; }

// Rounded up: poll(0) in the last millisecond would spin.
int left_ms(Deadline deadline) {
  const auto left = deadline - steady_clock::now();
  if (left <= steady_clock::duration::zero()) return 0;
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  return static_cast<int>(std::min<std::int64_t>(ms, 60'000));
}

std::string tls_reason() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_get_error();
  if (code == 0) return "the peer ended the handshake";
  ERR_error_string_n(code, text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

struct AddressList {
  addrinfo* first = nullptr;
  AddressList() = default;
  AddressList(const AddressList&) = delete;
  AddressList& operator=(const AddressList&) = delete;
  ~AddressList() {
    if (first != nullptr) freeaddrinfo(first);
  }
};

// A look-up under way. The resolver has no deadline of its own, so that a thread waits for it; who
// asked may have given up long before.
struct Lookup {
  std::string host;
  std::string port;
  bool numeric = false;
  AddressList addresses;
  int code = 0;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;

  void run() {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0);
    addrinfo* found = nullptr;
    // "localhost" is the loopback address whatever the machine's host table says (RFC 6761, 6.3),
    // which is what no name at all stands for.
    const char* node = host == "localhost" ? nullptr : host.c_str();
    const int result = getaddrinfo(node, port.c_str(), &hints, &found);
    const std::lock_guard lock(mutex);
    addresses.first = found;
    code = result;
    done = true;
    changed.notify_all();
  }
};

Result<std::shared_ptr<Lookup>> look_up(const Url& url, Deadline deadline) {
  auto lookup = std::make_shared<Lookup>();
  lookup->host = url.host;
  lookup->port = url.port;
  lookup->numeric = is_address(url.host);
  if (lookup->numeric) {
    lookup->run();
  } else {
    std::thread([lookup] { lookup->run(); }).detach();
  }
  std::unique_lock lock(lookup->mutex);
  while (!lookup->done) {
    const int ms = left_ms(deadline);
    if (ms == 0) return unavailable("looking up " + url.host + " took too long");
    lookup->changed.wait_for(lock, std::chrono::milliseconds(ms));
  }
  if (lookup->code != 0)
    return unavailable("looking up " + url.host + " failed: " + gai_strerror(lookup->code));
  lock.unlock();
  return lookup;
}

// OpenSSL's own socket BIO writes with write(), and a peer that is gone would end the process with
// SIGPIPE. This one is the same with MSG_NOSIGNAL; its data is the descriptor.
int bio_descriptor(BIO* bio) {
  return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio)));
}
int bio_result(BIO* bio, ssize_t count, int retry) {
  BIO_clear_retry_flags(bio);
  if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
    BIO_set_flags(bio, retry | BIO_FLAGS_SHOULD_RETRY);
  return static_cast<int>(count);
}
int bio_write(BIO* bio, const char* data, int size) {
  const ssize_t count =
      ::send(bio_descriptor(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  return bio_result(bio, count, BIO_FLAGS_WRITE);
}
int bio_read(BIO* bio, char* data, int size) {
  const ssize_t count = ::recv(bio_descriptor(bio), data, static_cast<std::size_t>(size), 0);
  return bio_result(bio, count, BIO_FLAGS_READ);
}
long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* bio_method() {
  static const BIO_METHOD* method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quiet socket");
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

int password_callback(char*, int, int, void*) {
  return 0;
}  // An encrypted key must not ask a terminal.

}  // namespace

TlsContext::TlsContext(const std::string& ca_file, bool verify, const std::string& certificate_file,
                       const std::string& key_file)
    : context_(SSL_CTX_new(TLS_client_method())), verify_(verify) {
  if (context_ == nullptr) throw std::runtime_error("TLS cannot be set up: " + tls_reason());
  const auto fail = [this](const std::string& message) {
    const std::string reason = tls_reason();
    SSL_CTX_free(context_);
    context_ = nullptr;
    throw std::runtime_error(message + ": " + reason);
  };
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  // A partial write is an answer, and the buffer of a repeated one may have moved.
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(context_, password_callback);
  SSL_CTX_set_verify(context_, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context_);
  } else if (SSL_CTX_load_verify_locations(context_, ca_file.c_str(), nullptr) != 1) {
    fail("CA file " + ca_file + " cannot be used");
  }
  if (certificate_file.empty()) return;
  const std::string& key = key_file.empty() ? certificate_file : key_file;
  if (SSL_CTX_use_certificate_chain_file(context_, certificate_file.c_str()) != 1)
    fail("client certificate " + certificate_file + " cannot be used");
  if (SSL_CTX_use_PrivateKey_file(context_, key.c_str(), SSL_FILETYPE_PEM) != 1)
    fail("client key " + key + " cannot be used");
  if (SSL_CTX_check_private_key(context_) != 1)
    fail("client key " + key + " does not belong to its certificate");
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::unique_ptr<Connection>> Connection::open(const Url& url, const TlsContext* tls,
                                                     Deadline deadline) {
  Result<std::shared_ptr<Lookup>> lookup = look_up(url, deadline);
  if (!lookup) return lookup.error();
  std::string reason = "no address";
  for (const addrinfo* at = (*lookup)->addresses.first; at != nullptr; at = at->ai_next) {
    const int descriptor =
        ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (descriptor < 0) {
      reason = std::strerror(errno);
      continue;
    }
    std::unique_ptr<Connection> connection(new Connection(descriptor));
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(descriptor, at->ai_addr, at->ai_addrlen) != 0) {
      if (errno != EINPROGRESS) {
        reason = std::strerror(errno);
        continue;
      }
      if (!connection->wait(POLLOUT, deadline))
        return unavailable("connecting to " + url.origin() + " took too long");
      int code = 0;
      socklen_t length = sizeof code;
      ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length);
      if (code != 0) {
        reason = std::strerror(code);
        continue;
      }
    }
    if (url.tls) {
      const Status secured = connection->handshake(url, *tls, deadline);
      if (!secured) return secured.error();
    }
    return connection;
  }
  return unavailable("connecting to " + url.origin() + " failed: " + reason);
}

Connection::~Connection() {
  // No SSL_shutdown: it would block or be half done; every message has its own length.
  if (ssl_ != nullptr) SSL_free(ssl_);
  if (descriptor_ >= 0) ::close(descriptor_);
}

Status Connection::handshake(const Url& url, const TlsContext& tls, Deadline deadline) {
  ERR_clear_error();
  ssl_ = SSL_new(tls.get());
  BIO* bio = BIO_new(bio_method());
  if (ssl_ == nullptr || bio == nullptr) {
    BIO_free(bio);
    return unavailable("TLS cannot be set up: " + tls_reason());
  }
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor_)));
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
  if (is_address(url.host)) {
    if (tls.verify()) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), url.host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl_, url.host.c_str());
    if (tls.verify()) SSL_set1_host(ssl_, url.host.c_str());
  }
  while (true) {
    ERR_clear_error();
    const int result = SSL_connect(ssl_);
    if (result == 1) return Done{};
    const int why = SSL_get_error(ssl_, result);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
      if (wait(why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) continue;
      return unavailable("TLS with " + url.origin() + " took too long");
    }
    const long verdict = SSL_get_verify_result(ssl_);
    const std::string reason = tls.verify() && verdict != X509_V_OK
                                   ? X509_verify_cert_error_string(verdict)
                                   : tls_reason();
    return unavailable("TLS with " + url.origin() + " failed: " + reason);
  }
}

bool Connection::wait(short events, Deadline deadline) const {
  while (true) {
    const int ms = left_ms(deadline);
    if (ms == 0) return false;
    pollfd waited{descriptor_, events, 0};
    const int ready = ::poll(&waited, 1, ms);
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return true;  // The operation itself will say what is wrong.
  }
}

Transfer Connection::after_tls(int result, Deadline deadline) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return wait(POLLIN, deadline) ? Transfer::done : Transfer::deadline;
    case SSL_ERROR_WANT_WRITE:
      return wait(POLLOUT, deadline) ? Transfer::done : Transfer::deadline;
    case SSL_ERROR_ZERO_RETURN:
      return Transfer::end;
    default:
      // Without a close_notify the end is not in good order: a cut must not pass for one.
      failure_ = "the TLS connection broke";
      ERR_clear_error();
      return Transfer::broken;
  }
}

Transfer Connection::write(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    if (left_ms(deadline) == 0) return Transfer::deadline;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int most = static_cast<int>(std::min<std::size_t>(bytes.size(), 16'384));
      const int count = SSL_write(ssl_, bytes.data(), most);
      // A record that is sealed may be partly on its way although SSL_write wants to be called
      // again.
      if (count <= 0) {
        ++written_;
        const Transfer next = after_tls(count, deadline);
        if (next != Transfer::done) return next == Transfer::end ? Transfer::broken : next;
        continue;
      }
      written_ += static_cast<std::size_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    const ssize_t count = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      written_ += static_cast<std::size_t>(count);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLOUT, deadline)) return Transfer::deadline;
    } else if (errno != EINTR) {
      failure_ = std::strerror(errno);
      return Transfer::broken;
    }
  }
  return Transfer::done;
}

Transfer Connection::read(std::string& into, std::size_t most, Deadline deadline) {
  std::array<char, 16'384> buffer;
  most = std::min(most, buffer.size());
  while (true) {
    if (left_ms(deadline) == 0) return Transfer::deadline;
    if (ssl_ != nullptr) {
      ERR_clear_error();
      const int count = SSL_read(ssl_, buffer.data(), static_cast<int>(most));
      if (count > 0) {
        into.append(buffer.data(), static_cast<std::size_t>(count));
        return Transfer::done;
      }
      const Transfer next = after_tls(count, deadline);
      if (next != Transfer::done) return next;
      continue;
    }
    const ssize_t count = ::recv(descriptor_, buffer.data(), most, 0);
    if (count > 0) {
      into.append(buffer.data(), static_cast<std::size_t>(count));
      return Transfer::done;
    }
    if (count == 0) return Transfer::end;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait(POLLIN, deadline)) return Transfer::deadline;
    } else if (errno != EINTR) {
      failure_ = std::strerror(errno);
      return Transfer::broken;
    }
  }
}

bool Connection::is_quiet() const {
  pollfd asked{descriptor_, POLLIN, 0};
  if (::poll(&asked, 1, 0) == 0) return true;
  if (ssl_ == nullptr || (asked.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return false;
  // TLS 1.3 servers send session tickets after the handshake: those are no sign of an end.
  char byte = 0;
  ERR_clear_error();
  const int count = SSL_peek(ssl_, &byte, 1);
  return count <= 0 && SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ;
}

}  // namespace underpin::transport
