# dependencies.awk TABLE FILES...: prints every #include that gateway/DEPENDENCIES does not grant.
FNR == 1 { reading_table = (FILENAME ~ /DEPENDENCIES$/) }
reading_table && /^[a-z]+ +\|/ {
    split($0, column, "|")
    gsub(/ /, "", column[1])
    may[column[1]] = " " column[1] " " column[2] " "
    knows[column[1]] = column[3]
    n = split(column[3], list, " ")
    for (i = 1; i <= n; i++) if (list[i] != "-") libraries[list[i]] = column[1]
}
reading_table { next }
/^#include "/ {
    split(FILENAME, path, "/")
    split($0, quoted, "\"")
    split(quoted[2], target, "/")
    if (quoted[2] !~ /\//) { print FILENAME ":" FNR ": " $0 " (name the module: \"MODULE/file.h\")"; next }
    if (index(may[path[2]], " " target[1] " ") == 0)
        print FILENAME ":" FNR ": " path[2] " may not include " target[1]
}
/^#include </ {
    split(FILENAME, path, "/")
    split($0, angle, /[<>]/)
    for (library in libraries)
        if (index(angle[2], library) == 1 && libraries[library] != path[2])
            print FILENAME ":" FNR ": <" angle[2] "> belongs to " libraries[library]
}
