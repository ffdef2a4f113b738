# steps.awk FILE: in a file with one or more tables of flow_step, the functions named in a table must be defined in the table's order.
/^static enum flow_next [a-z_]+\(struct flow \*f\)/ {
    name = $4
    sub(/\(.*/, "", name)
    if (!(name in place)) place[name] = FNR
}
/static const struct flow_step/ { inside = 1; last = 0; lastname = "" }
inside && /\{"/ {
    line = $0
    while (match(line, /\{"[^"]*", *[a-z_]+/)) {
        step = substr(line, RSTART, RLENGTH)
        sub(/.*, */, "", step)
        if (step in place) {
            if (place[step] < last)
                print FILENAME ":" place[step] ": " step " stands before " lastname ", but comes after it in the table at line " FNR
            last = place[step]
            lastname = step
        }
        line = substr(line, RSTART + RLENGTH)
    }
}
inside && /^\};/ { inside = 0 }
