#include "legacy-adapters/transport/soap/security.h"

#include "legacy-adapters/transport/soap/xml_tree.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <stdexcept>

namespace underpin::legacy::soap {
namespace {

constexpr const char* wsse =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
constexpr const char* wsu =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
constexpr const char* token_profile =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#";
constexpr const char* base64_binary =
    "http://docs.oasis-open.org/wss/2004/01/"
    "oasis-200401-wss-soap-message-security-1.0#Base64Binary";
constexpr std::size_t nonce_octets = 16;

xmlNode* child_of(xmlNode* parent, const char* name) {
  for (xmlNode* child = parent->children; child != nullptr; child = child->next)
    if (child->type == XML_ELEMENT_NODE && xmlStrEqual(child->name, xml(name))) return child;
  return nullptr;
}

xmlNode* add(xmlNode* parent, xmlNs* name_space, const char* name, const std::string& text) {
  // xmlNewTextChild escapes; xmlNewChild would take & for an entity.
  return xmlNewTextChild(parent, name_space, xml(name), text.empty() ? nullptr : xml(text));
}

void add_token(xmlNode* header, xmlNs* secext, xmlNs* utility, const Security& security,
               const std::string& created) {
  xmlNode* token = add(header, secext, "UsernameToken", {});
  add(token, secext, "Username", security.user);
  if (security.token == Token::text) {
    xmlNode* password = add(token, secext, "Password", security.password);
    xmlNewProp(password, xml("Type"), xml(std::string(token_profile) + "PasswordText"));
    return;
  }
  std::string nonce(nonce_octets, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(nonce.data()), static_cast<int>(nonce.size())) !=
      1)
    throw std::runtime_error("no random octets for a nonce");
  xmlNode* password =
      add(token, secext, "Password", password_digest(nonce, created, security.password));
  xmlNewProp(password, xml("Type"), xml(std::string(token_profile) + "PasswordDigest"));
  xmlNode* sent = add(token, secext, "Nonce", base64(nonce));
  xmlNewProp(sent, xml("EncodingType"), xml(base64_binary));
  add(token, utility, "Created", created);
}

Error no_envelope() { return {ErrorCode::internal, "the request is no SOAP envelope"}; }

}  // namespace

std::string password_digest(std::string_view nonce, std::string_view created,
                            std::string_view password) {
  std::string all(nonce);
  all += created;
  all += password;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  // SHA-1 is what the profile says; it guards nothing here but a password on its way.
  if (EVP_Digest(all.data(), all.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  return base64({reinterpret_cast<const char*>(digest.data()), size});
}

Result<std::string> with_security(std::string_view envelope, const Security& security,
                                  Timestamp now) {
  const Tree document = read_tree(envelope);
  xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr || root->ns == nullptr || !xmlStrEqual(root->name, xml("Envelope")))
    return no_envelope();
  xmlNode* body = child_of(root, "Body");
  if (body == nullptr) return no_envelope();
  xmlNode* header = child_of(root, "Header");
  if (header == nullptr) {
    header = xmlNewDocNode(document.get(), root->ns, xml("Header"), nullptr);
    xmlAddPrevSibling(body, header);
  }
  xmlNode* outer = xmlNewDocNode(document.get(), nullptr, xml("Security"), nullptr);
  xmlNs* secext = xmlNewNs(outer, xml(wsse), xml("wsse"));
  xmlNs* utility = xmlNewNs(outer, xml(wsu), xml("wsu"));
  xmlSetNs(outer, secext);
  if (header->children != nullptr) {
    xmlAddPrevSibling(header->children, outer);
  } else {
    xmlAddChild(header, outer);
  }
  if (security.must_understand) xmlNewNsProp(outer, root->ns, xml("mustUnderstand"), xml("1"));
  const std::string created = now.text();
  if (security.timestamp.count() > 0) {
    xmlNode* timestamp = add(outer, utility, "Timestamp", {});
    add(timestamp, utility, "Created", created);
    add(timestamp, utility, "Expires", now.plus_ms(security.timestamp.count() * 1'000).text());
  }
  if (security.token != Token::none) add_token(outer, secext, utility, security, created);
  std::string text = write_tree(document.get());
  if (text.empty()) return no_envelope();
  return text;
}

}  // namespace underpin::legacy::soap
