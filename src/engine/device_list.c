#include "engine/device_list.h"

#include "base/log.h"
#include "engine/adapters.h"
#include "engine/output_errand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* More devices than this are counted but not written. */
enum { MOST_DEVICES = 256 };
#define LIST_LIMIT_NS UINT64_C(5000000000)

typedef struct listing {
    uint32_t count; /* there are, of which at most MOST_DEVICES are here */
    motet_device_info devices[MOST_DEVICES];
    char error[256]; /* why there are none, from the last adapter that said so */
} listing;

static void run_list(void *work)
{
    listing *it = work;
    snprintf(it->error, sizeof it->error, "this build has no device library");
    for (const motet_device_backend *const *at = motet_adapters_linked.devices; at != NULL && *at != NULL; at++) {
        uint32_t written = it->count < MOST_DEVICES ? it->count : MOST_DEVICES;
        uint32_t count = 0;
        char reason[200] = "no available audio device";
        if ((*at)->list(it->devices + written, MOST_DEVICES - written, &count, reason, sizeof reason) != MOTET_OK ||
            count == 0) {
            snprintf(it->error, sizeof it->error, "%s: %s", (*at)->name, reason);
            continue;
        }
        for (uint32_t i = written; it->count > 0 && i < written + count && i < MOST_DEVICES; i++) {
            it->devices[i].is_default = false; /* the first adapter with devices has the default */
        }
        it->count += count;
    }
}

/* NULL when there are none: `error` says why. */
static listing *take_list(char *error, size_t error_size)
{
    listing *it = calloc(1, sizeof *it);
    if (it == NULL) {
        snprintf(error, error_size, "out of memory");
        return NULL;
    }
    if (!motet_errand_run("motet-list", run_list, free, it, LIST_LIMIT_NS, NULL)) {
        snprintf(error, error_size, "the device library does not answer");
        return NULL;
    }
    if (it->count == 0) {
        snprintf(error, error_size, "%s", it->error);
        free(it);
        return NULL;
    }
    return it;
}

uint32_t motet_device_list(motet_device_info *devices, uint32_t capacity)
{
    char error[256];
    listing *it = take_list(error, sizeof error);
    if (it == NULL) {
        motet_fail(NULL, MOTET_ERROR_DEVICE, "no sound device (%s)", error);
        return 0;
    }
    uint32_t count = it->count;
    uint32_t written = count < capacity ? count : capacity;
    if (devices != NULL) {
        memcpy(devices, it->devices, (written < MOST_DEVICES ? written : MOST_DEVICES) * sizeof *devices);
    }
    free(it);
    return count;
}

motet_result motet_device_find(const char *name, char *error, size_t error_size)
{
    listing *it = take_list(error, error_size);
    if (it == NULL) {
        return MOTET_ERROR_NOT_FOUND;
    }
    const char *names[MOST_DEVICES];
    size_t count = it->count < MOST_DEVICES ? it->count : MOST_DEVICES;
    motet_result result = MOTET_ERROR_NOT_FOUND;
    for (size_t i = 0; i < count; i++) {
        names[i] = it->devices[i].name;
        if (strcmp(names[i], name) == 0) {
            result = MOTET_OK;
        }
    }
    if (result != MOTET_OK) {
        const char *near = motet_nearest_name(name, names, count);
        snprintf(error, error_size, "no sound device is called \"%s\"%s%s%s", name,
                 near != NULL ? "; did you mean \"" : "", near != NULL ? near : "", near != NULL ? "\"?" : "");
    }
    free(it);
    return result;
}
