# Parsers of outside bytes: every tests/fuzz/fuzz_<what>.c is one target over the corpus tests/fuzz/corpus/<what>/.
#
# In every mode but fuzz the corpus is replayed by ctest as fuzz/<what>. In MODE=fuzz each target is a libFuzzer program:
#   build-fuzz/fuzz_path -max_total_time=60 NEW_FOLDER tests/fuzz/corpus/path
# A target is linked with the modules whose headers it includes.
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(source ${targets})
  get_filename_component(program ${source} NAME_WE)
  string(REPLACE fuzz_ "" what ${program})
  file(STRINGS ${source} includes REGEX "^#include \"[a-z]+/")
  list(TRANSFORM includes REPLACE "^#include \"([a-z]+)/.*" "\\1")
  list(REMOVE_DUPLICATES includes)
  if(MODE STREQUAL fuzz)
    add_executable(${program} ${source})
    target_link_options(${program} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${program} ${source} ${CMAKE_SOURCE_DIR}/tests/fuzz/replay.c)
    add_test(NAME fuzz/${what} COMMAND ${program} ${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${what})
    set_tests_properties(fuzz/${what} PROPERTIES TIMEOUT 60)
  endif()
  target_link_libraries(${program} PRIVATE ${includes} flags)
endforeach()
