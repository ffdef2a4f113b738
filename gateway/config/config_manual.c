/* config_manual.c -- vestibule.yaml(5) in roff, from the key tables. */
#include "config/config.h"
#include "config/keys.h"

/* roff reads backslashes, and a dot or quote at the head of a line, as its own. */
void config_roff(struct buf *to, const char *text)
{
    if (text[0] == '.' || text[0] == '\'') buf_add(to, LIT("\\&"));
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '\\')
            buf_add(to, LIT("\\e"));
        else if (*c == '-')
            buf_add(to, LIT("\\-"));
        else
            buf_byte(to, *c);
    }
}

static void type(struct buf *to, const struct key *k)
{
    if (k->words != NULL && k->type != KEY_LIST) {
        buf_add(to, LIT("one of "));
        config_roff(to, k->words);
        if (k->type == KEY_EITHER) buf_add(to, LIT(", or a section"));
        return;
    }
    config_roff(to, keys_type_words(k->type));
    if (k->type == KEY_LIST && k->words != NULL) {
        buf_add(to, LIT(" of "));
        config_roff(to, k->words);
    }
}

static void rows(struct buf *to, const struct key_table *t, const char *path)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct key *k = &t->at[i];
        char name[200];
        snprintf(name, sizeof name, "%s%s%s%s", path, path[0] != '\0' ? "." : "", k->name,
                 k->type == KEY_ITEMS ? "[]" : "");
        buf_add(to, LIT(".TP\n.B "));
        config_roff(to, name);
        buf_add(to, LIT("\n"));
        config_roff(to, k->meaning);
        buf_add(to, LIT(".\n.br\n"));
        type(to, k);
        if (k->required) buf_add(to, LIT("; required"));
        if (k->fallback != NULL) buf_add(to, LIT("; default "));
        if (k->fallback != NULL) config_roff(to, k->fallback);
        if (k->type == KEY_SECRET) buf_add(to, LIT("; or "));
        if (k->type == KEY_SECRET) config_roff(to, k->name);
        if (k->type == KEY_SECRET) buf_add(to, LIT("_file"));
        buf_byte(to, '\n');
        if (k->like != NULL) {
            buf_add(to, LIT(".br\nwith the keys of "));
            config_roff(to, k->like);
            buf_byte(to, '\n');
        } else if (k->inside != NULL) {
            rows(to, k->inside, name);
        }
    }
}

void config_manual(struct buf *to)
{
    buf_add(
        to,
        LIT(".TH VESTIBULE.YAML 5 \"\" \"vestibule\" \"File formats\"\n"
            ".SH NAME\nvestibule.yaml \\- configuration of the vestibule gateway\n"
            ".SH DESCRIPTION\n"
            "YAML without anchors and tags. Unknown keys are errors. Every mistake is told in one pass with file, line and\n"
            "column; with one of them nothing is started, and a reload changes nothing.\n"
            ".PP\nLater files win over earlier ones. Lists whose entries all have an id are merged by id, other lists are replaced.\n"
            ".PP\n.B ${NAME}\nand\n.B ${NAME:\\-default}\nstand for environment variables inside values;\n.B $${\nis a plain ${.\n"
            ".PP\nEvery secret has a twin whose name ends in\n.BR _file :\n"
            "its value is the content of that file without one newline at its end. Relative names are looked for in\n"
            ".B $CREDENTIALS_DIRECTORY\nfirst, then beside the file that names them.\n"
            ".PP\nThe variable of a key is\n.B VESTIBULE_\nand its path in capitals, with _ for dots:\n.BR VESTIBULE_SESSION_STORE ,\n"
            ".BR VESTIBULE_PROVIDERS_CORP_CLIENT_ID .\nLists are written with commas. Options win over variables, variables over files.\n"
            ".SH KEYS\n"));
    rows(to, keys_root(), "");
    buf_add(
        to,
        LIT(".SH FILES\n.TP\n.I /etc/vestibule/vestibule.yaml\nread when neither \\-\\-config nor VESTIBULE_CONFIG says otherwise\n"
            ".TP\n.I /etc/vestibule/conf.d/*.yaml\nread after it, by name\n"
            ".SH SEE ALSO\n.BR vestibule (8)\n"));
}
