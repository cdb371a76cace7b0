# Writes a .cpp that holds one SHA-256 over FILES, by name and content. Run with cmake -P.
set(lines "")
list(SORT FILES)
foreach(file IN LISTS FILES)
  file(SHA256 ${file} hash)
  file(RELATIVE_PATH name ${ROOT} ${file})
  string(APPEND lines "${name} ${hash}\n")
endforeach()
string(SHA256 all "${lines}")
file(WRITE ${OUTPUT} "#include <string_view>
namespace underpin::fingerprint {
std::string_view ${NAME}();
std::string_view ${NAME}() { return \"${all}\"; }
}  // namespace underpin::fingerprint
")
