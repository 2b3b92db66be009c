#include "dsp/kernels.h"
#include "engine/adapters.h"
#include "engine/engine.h"

#include <stdio.h>

#define TEXT_OF(x) #x
#define VERSION_TEXT(a, b, c) TEXT_OF(a) "." TEXT_OF(b) "." TEXT_OF(c)

static const char *compiler(void)
{
#if defined(__clang__)
    return "clang " VERSION_TEXT(__clang_major__, __clang_minor__, __clang_patchlevel__);
#elif defined(__GNUC__)
    return "gcc " VERSION_TEXT(__GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#else
    return "unknown";
#endif
}

motet_result motet_get_build_info(motet_build_info *info)
{
    if (info == NULL) {
        return motet_fail(NULL, MOTET_ERROR_INVALID, "info is NULL");
    }
    *info = (motet_build_info){
        .version = motet_version(), .compiler = compiler(), .simd = motet_kernels_choose(NULL)->name};
    for (size_t i = 0; motet_adapters_linked.decoders[i] != NULL && i + 1 < 8; i++) {
        info->decoders[i] = motet_adapters_linked.decoders[i]->name;
    }
    size_t count = 0;
    for (size_t i = 0; motet_adapters_linked.devices[i] != NULL && count + 1 < 4; i++) {
        char text[64];
        if (motet_adapters_linked.devices[i]->describe(text, sizeof text)) {
            snprintf(info->device_backends[count++], sizeof text, "%s", text);
        }
    }
    return MOTET_OK;
}
