/* fuzz_config.c -- any text as a whole configuration, checked as `vestibule check` does: a snapshot or at least one complaint, never both. */
#include "config/config.h"
#include "fuzz.h"
#include "gate/snapshot.h"
#include "text/doc.h"
#include "text/utf8.h"

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const environment[] = {"WORD=word", "VESTIBULE_SESSION_IDLE=1h", NULL};
    static bool ready;
    if (!ready) doc_init();
    ready = true;
    if (size > 16 * 1024) return 0;
    const struct config_text text = {"fuzz.yaml", fuzz_slice(data, size)};
    const struct config_ask ask = {.text = &text, .environment = environment};
    struct config *c = config_read(&ask);
    struct snapshot *s = config_build(c, &(struct config_use){.purpose = CONFIG_CHECK});
    struct complaints *said = config_complaints(c);
    must((s != NULL) == (said->errors == 0));
    AUTO(buf_close) struct buf words = buf_open(8 << 20), json = buf_open(8 << 20);
    complaint_write_text(said, &words, false, LIT("not started"));
    complaint_write_json(said, &json);
    must(json.full || utf8_valid(buf_slice(&json)));
    if (s != NULL) {
        buf_clear(&words);
        config_print(c, &words);
    }
    config_close(c);
    snapshot_drop(s);
    return 0;
}
