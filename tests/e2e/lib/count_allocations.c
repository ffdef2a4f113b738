/* count_allocations.c -- preloaded into the gateway: counts what it asks of the allocator, in a file of eight bytes that others can
 * read (COUNT_FILE). With -DHOOKS for a program under the address sanitizer, whose allocator tells; otherwise in front of glibc's. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static _Atomic uint64_t nowhere, *count = &nowhere;

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("COUNT_FILE");
    int fd = file != NULL ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *map = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) count = map;
    close(fd);
}

static void one_more(void)
{
    atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
}

#ifdef HOOKS
void __sanitizer_malloc_hook(const volatile void *at, size_t bytes);
void __sanitizer_malloc_hook(const volatile void *at, size_t bytes)
{
    (void)at;
    (void)bytes;
    one_more();
}
#else
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *old, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);

void *malloc(size_t bytes)
{
    one_more();
    return __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
    one_more();
    return __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
    one_more();
    return __libc_realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    one_more();
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **to, size_t alignment, size_t bytes)
{
    one_more();
    *to = __libc_memalign(alignment, bytes);
    return *to == NULL ? 12 : 0;
}
#endif
