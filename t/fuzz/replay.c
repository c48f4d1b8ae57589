/* Runs a fuzz target over its corpus, as TAP: REPLAY [folder or file]...; without arguments the corpus named after the program. */
/* SPDX-License-Identifier: Apache-2.0 */
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include "fuzz.h"
#include "tap.h"

/* Greatest input that is read: beyond what the fuzzers make. */
#define INPUT_MAX ((apr_off_t)1024 * 1024)

static void replay_file(const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_finfo_t info;
    apr_size_t got;
    uint8_t *exact;

    if (!ok(apr_file_open(&file, path, APR_READ, 0, pool) == APR_SUCCESS, "%s can be opened", path)) {
        return;
    }
    if (!ok(apr_file_info_get(&info, APR_FINFO_SIZE, file) == APR_SUCCESS && info.size <= INPUT_MAX, "%s is not too big", path)) {
        return;
    }
    /* Of its very size and from malloc: a byte read too far is seen. */
    exact = malloc(info.size ? (size_t)info.size : 1);
    if (!exact || apr_file_read_full(file, exact, (apr_size_t)info.size, &got) != APR_SUCCESS) {
        fail("%s can be read", path);
    }
    else {
        note("%s", path);
        is_int(LLVMFuzzerTestOneInput(exact, got), 0, "%s holds", path);
    }
    free(exact);
    apr_file_close(file);
}

static void replay_folder(const char *path, apr_pool_t *pool)
{
    apr_dir_t *dir;
    apr_finfo_t info;

    if (!ok(apr_dir_open(&dir, path, pool) == APR_SUCCESS, "the corpus %s is there", path)) {
        return;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME | APR_FINFO_TYPE, dir) == APR_SUCCESS) {
        if (info.name[0] != '.') {
            replay_file(apr_pstrcat(pool, path, "/", info.name, NULL), pool);
        }
    }
    apr_dir_close(dir);
}

static void replay(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype == APR_REG) {
        replay_file(path, pool);
    }
    else {
        replay_folder(path, pool);
    }
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (argc == 1) {
        replay(apr_pstrcat(pool, "t/fuzz/corpus/", apr_filepath_name_get(argv[0]), NULL), pool);
    }
    for (i = 1; i < argc; i++) {
        replay(argv[i], pool);
    }
    ok(fuzz_accepted > 0, "an input of the corpus got through (%lu did)", fuzz_accepted);
    apr_pool_destroy(pool);
    return done_testing();
}
