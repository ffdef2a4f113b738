# Writes the files of a folder into a C file, as arrays of bytes and one table of names, sorted.
#
#   cmake -DFOLDER=templates -DOUTPUT=x.c -DHEADER=page/builtin.h -DSTRUCT=builtin_file -DTABLE=builtin_templates -P embed.cmake
#
# HEADER declares `struct STRUCT {const char *name; const unsigned char *bytes; size_t len;}`, TABLE and TABLE_count.
cmake_minimum_required(VERSION 3.22)
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(arrays "")
set(rows "")
set(count 0)
foreach(file ${files})
  file(READ ${FOLDER}/${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND arrays "static const unsigned char file_${count}[] = {\n${bytes}0x00};\n")
  string(APPEND rows "    {\"${file}\", file_${count}, sizeof file_${count} - 1},\n")
  math(EXPR count "${count} + 1")
endforeach()
file(WRITE ${OUTPUT}.new "/* Generated from the files of a folder by cmake/embed.cmake; do not edit. */
#include \"${HEADER}\"

${arrays}
const struct ${STRUCT} ${TABLE}[] = {
${rows}};
const size_t ${TABLE}_count = ${count};
")
file(COPY_FILE ${OUTPUT}.new ${OUTPUT} ONLY_IF_DIFFERENT)
file(REMOVE ${OUTPUT}.new)
file(TOUCH_NOCREATE ${OUTPUT})
