/* replay.c -- feeds every file of the folder named by the first argument to a fuzz target; no file, no success. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static void feed(FILE *file, size_t len)
{
    uint8_t *bytes = must_alloc(len != 0 ? len : 1); /* exactly as long, so that asan sees one byte too far */
    must(fread(bytes, 1, len, file) == len);
    LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int count = argc == 2 ? scandir(argv[1], &entries, NULL, alphasort) : -1, fed = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat about;
        must(snprintf(path, sizeof path, "%s/%s", argv[1], entries[i]->d_name) < (int)sizeof path);
        free(entries[i]);
        FILE *file = fopen(path, "re");
        if (file == NULL) continue;
        if (fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode)) {
            printf("%s\n", path);
            fflush(stdout);
            feed(file, (size_t)about.st_size);
            fed++;
        }
        fclose(file);
    }
    free(entries);
    return fed != 0 ? 0 : 1;
}
