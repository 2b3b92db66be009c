/* SDL 2 is opened at run time, so that a program starts on a machine without it. It is shared with the program, which
 * may use it for its window: nothing is done but counted initialisation of the audio subsystem, and no event is
 * pumped or taken.
 *
 * SDL's initialisation takes no lock, so one is taken here. While a sound server is frozen, an open or a list may hang
 * inside SDL for as long; others then give up waiting for the lock. */
#include "device/sdl.h"

#include "base/atomics.h"
#include "base/thread.h"

#include <SDL.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCK_LIMIT_NS UINT64_C(2000000000)
#define LOCK_POLL_NS UINT64_C(5000000)
/* Largest block asked for. */
enum { MOST_PERIOD_FRAMES = 8192 };

struct motet_device {
    SDL_AudioDeviceID id;
    motet_device_render_fn *render;
    void *user;
    uint32_t bytes_per_frame;
};

/* ------------------------------------------------------------------------------------------ The library */

/* Every function used, with SDL's own type; the last are not in every SDL 2. */
#define SDL_FUNCTIONS(X)     \
    X(InitSubSystem)         \
    X(QuitSubSystem)         \
    X(WasInit)               \
    X(GetError)              \
    X(GetHint)               \
    X(SetHintWithPriority)   \
    X(GetVersion)            \
    X(free)                  \
    X(GetNumAudioDrivers)    \
    X(GetAudioDriver)        \
    X(GetCurrentAudioDriver) \
    X(GetNumAudioDevices)    \
    X(GetAudioDeviceName)    \
    X(OpenAudioDevice)       \
    X(CloseAudioDevice)      \
    X(PauseAudioDevice)      \
    X(GetAudioDeviceStatus)
#define SDL_LATER_FUNCTIONS(X)          \
    X(GetAudioDeviceSpec)  /* 2.0.16 */ \
    X(GetDefaultAudioInfo) /* 2.24 */   \
    X(ResetHint)           /* 2.24 */   \
    X(TLSCleanup)          /* 2.0.16 */

typedef struct sdl_library {
    bool loaded;
    char error[160];
#define SDL_POINTER(name) __typeof__(&SDL_##name) name;
    SDL_FUNCTIONS(SDL_POINTER)
    SDL_LATER_FUNCTIONS(SDL_POINTER)
#undef SDL_POINTER
    motet_mutex mutex;
    motet_atomic_u64 users;      /* calls under way and devices open */
    motet_atomic_u64 user_forks; /* the fork count of the process that they belong to */
} sdl_library;

static sdl_library sdl;

static void load_library(void)
{
    void *library = dlopen("libSDL2-2.0.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        snprintf(sdl.error, sizeof sdl.error, "%s", reason != NULL ? reason : "the library cannot be loaded");
        return;
    }
    bool complete = motet_mutex_init(&sdl.mutex);
/* POSIX, not C, says that a function's address may be had from dlsym; the copy avoids the cast that C forbids. */
#define SDL_RESOLVE(name)                             \
    {                                                 \
        void *address = dlsym(library, "SDL_" #name); \
        memcpy(&sdl.name, &address, sizeof address);  \
    }
#define SDL_CHECK(name) complete = complete && sdl.name != NULL;
    SDL_FUNCTIONS(SDL_RESOLVE)
    SDL_LATER_FUNCTIONS(SDL_RESOLVE)
    SDL_FUNCTIONS(SDL_CHECK)
#undef SDL_RESOLVE
#undef SDL_CHECK
    if (!complete) {
        snprintf(sdl.error, sizeof sdl.error, "libSDL2-2.0.so.0 lacks a function");
        return;
    }
    sdl.loaded = true; /* and never unloaded: SDL may have threads running */
}

static bool sdl_loaded(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load_library);
    return sdl.loaded;
}

/* SDL's words begin with a capital unless they begin with a name. */
static void copy_sdl_error(char *error, size_t size)
{
    snprintf(error, size, "%s", sdl.GetError());
    if (size > 1 && error[0] >= 'A' && error[0] <= 'Z' && error[1] >= 'a' && error[1] <= 'z' &&
        strncmp(error, "Pulse", 5) != 0) {
        error[0] = (char)(error[0] - 'A' + 'a');
    }
    if (error[0] == '\0') {
        snprintf(error, size, "no reason given");
    }
}

/* ------------------------------------------------------------------------------------------- One at a time */

/* Counts a user of SDL and takes the lock. */
static bool sdl_enter(char *error, size_t size)
{
    if (!sdl_loaded()) {
        snprintf(error, size, "%s", sdl.error);
        return false;
    }
    uint32_t forks = motet_fork_count();
    if (motet_load_relaxed_u64(&sdl.users) != 0 && motet_load_relaxed_u64(&sdl.user_forks) != forks) {
        snprintf(error, size, "cannot be used in the child of a process that was using it");
        return false;
    }
    motet_store_relaxed_u64(&sdl.user_forks, forks);
    motet_add_relaxed_u64(&sdl.users, 1);
    uint64_t until = motet_monotonic_ns() + LOCK_LIMIT_NS;
    while (!motet_mutex_try_lock(&sdl.mutex)) {
        if (motet_monotonic_ns() > until) {
            motet_add_relaxed_u64(&sdl.users, UINT64_MAX);
            snprintf(error, size, "the sound system does not answer");
            return false;
        }
        motet_sleep_until_ns(motet_monotonic_ns() + LOCK_POLL_NS);
    }
    return true;
}

/* The end of a call: the calls that come here are made on threads of their own (engine/output_errand.h), whose place
 * for SDL's error text SDL would never free. */
static void sdl_leave(void)
{
    if (sdl.TLSCleanup != NULL) {
        sdl.TLSCleanup();
    }
    motet_mutex_unlock(&sdl.mutex);
    motet_add_relaxed_u64(&sdl.users, UINT64_MAX);
}

/* The drivers that make no sound are a device only for those who ask for them by name. */
static bool makes_sound(const char *driver)
{
    if (strcmp(driver, "dummy") != 0 && strcmp(driver, "disk") != 0) {
        return true;
    }
    const char *asked = sdl.GetHint(SDL_HINT_AUDIODRIVER);
    return asked != NULL && strstr(asked, driver) != NULL;
}

/* Under the lock: starts the audio subsystem, counted. */
static bool start_audio(char *error, size_t size)
{
    /* With its event subsystem SDL takes over SIGINT and SIGTERM, unless told not to before; a program that wants
     * that has initialised SDL, or set the hint, itself. */
    bool hinted = sdl.ResetHint != NULL && sdl.WasInit(SDL_INIT_EVENTS) == 0 &&
                  sdl.GetHint(SDL_HINT_NO_SIGNAL_HANDLERS) == NULL &&
                  sdl.SetHintWithPriority(SDL_HINT_NO_SIGNAL_HANDLERS, "1", SDL_HINT_DEFAULT);
    bool started = sdl.InitSubSystem(SDL_INIT_AUDIO) == 0;
    if (!started) {
        copy_sdl_error(error, size);
    }
    if (hinted) {
        sdl.ResetHint(SDL_HINT_NO_SIGNAL_HANDLERS);
    }
    if (started && !makes_sound(sdl.GetCurrentAudioDriver())) {
        snprintf(error, size, "no available audio device");
        sdl.QuitSubSystem(SDL_INIT_AUDIO);
        started = false;
    }
    return started;
}

static void stop_audio(void)
{
    sdl.QuitSubSystem(SDL_INIT_AUDIO);
}

/* ALSA explains on standard error, at length, that there is no card; not to us. The handler is the thread's own. */
typedef void alsa_error_fn(const char *file, int line, const char *function, int error, const char *format, va_list);
typedef alsa_error_fn *alsa_set_handler_fn(alsa_error_fn *handler);

static void alsa_be_quiet(const char *file, int line, const char *function, int error, const char *format,
                          va_list arguments)
{
    (void)file, (void)line, (void)function, (void)error, (void)format, (void)arguments;
}

static alsa_error_fn *alsa_set_handler(alsa_error_fn *handler)
{
    alsa_set_handler_fn *set = NULL;
    void *library = dlopen("libasound.so.2", RTLD_NOW | RTLD_NOLOAD);
    void *address = library != NULL ? dlsym(library, "snd_lib_error_set_local") : NULL;
    memcpy(&set, &address, sizeof address);
    alsa_error_fn *before = set != NULL ? set(handler) : NULL;
    if (library != NULL) {
        dlclose(library); /* SDL holds it */
    }
    return before;
}

/* -------------------------------------------------------------------------------------------- The adapter */

static bool sdl_describe(char *text, size_t size)
{
    if (!sdl_loaded()) {
        return false;
    }
    SDL_version version;
    sdl.GetVersion(&version);
    int length = snprintf(text, size, "SDL %d.%d.%d", version.major, version.minor, version.patch);
    const char *separator = " (";
    for (int i = 0; i < sdl.GetNumAudioDrivers(); i++) {
        const char *driver = sdl.GetAudioDriver(i);
        if (driver != NULL && strcmp(driver, "dummy") != 0 && strcmp(driver, "disk") != 0 && length >= 0 &&
            (size_t)length < size) {
            length += snprintf(text + length, size - (size_t)length, "%s%s", separator, driver);
            separator = ", ";
        }
    }
    if (separator[0] == ',' && length >= 0 && (size_t)length < size) {
        snprintf(text + length, size - (size_t)length, ")");
    }
    return true;
}

/* What the system's default device is called, and its own format; false where it does not say. */
static bool default_device(char *name, size_t size, SDL_AudioSpec *spec)
{
    char *found = NULL;
    if (sdl.GetDefaultAudioInfo == NULL || sdl.GetDefaultAudioInfo(&found, spec, 0) != 0 || found == NULL) {
        return false;
    }
    snprintf(name, size, "%s", found);
    sdl.free(found);
    return true;
}

static void device_at(int index, motet_device_info *info)
{
    const char *name = sdl.GetAudioDeviceName(index, 0);
    SDL_AudioSpec spec = {0};
    *info = (motet_device_info){0};
    snprintf(info->name, sizeof info->name, "%s", name != NULL ? name : "");
    if (sdl.GetAudioDeviceSpec != NULL && sdl.GetAudioDeviceSpec(index, 0, &spec) == 0) {
        info->sample_rate_hz = spec.freq > 0 ? (uint32_t)spec.freq : 0;
        info->channels = spec.channels;
    }
}

static motet_result sdl_list(motet_device_info *devices, uint32_t capacity, uint32_t *count, char *error,
                             size_t error_size)
{
    *count = 0;
    if (!sdl_enter(error, error_size)) {
        return sdl.loaded ? MOTET_ERROR_DEVICE : MOTET_ERROR_UNSUPPORTED;
    }
    motet_result result = MOTET_ERROR_DEVICE;
    if (start_audio(error, error_size)) {
        char name[sizeof devices->name] = "";
        SDL_AudioSpec spec = {0};
        bool known = default_device(name, sizeof name, &spec);
        int there = sdl.GetNumAudioDevices(0);
        for (int i = 0; i < there && (uint32_t)i < capacity; i++) {
            device_at(i, &devices[i]);
            devices[i].is_default = known ? strcmp(devices[i].name, name) == 0 : there == 1;
        }
        *count = there > 0 ? (uint32_t)there : 0;
        result = *count > 0 ? MOTET_OK : MOTET_ERROR_DEVICE;
        if (result != MOTET_OK) {
            snprintf(error, error_size, "no available audio device");
        }
        stop_audio();
    }
    sdl_leave();
    return result;
}

static void SDLCALL sdl_callback(void *user, Uint8 *bytes, int size)
{
    motet_device *device = user;
    device->render(device->user, (float *)(void *)bytes, (uint32_t)size / device->bytes_per_frame);
}

/* Under the lock: SDL's own name of a device, or NULL with a sentence. A name longer than the public structs hold is
 * compared as far as they show it. */
static const char *full_name(const char *wanted, motet_device_info *info, char *error, size_t error_size)
{
    const char *nearest = NULL;
    for (int i = 0; i < sdl.GetNumAudioDevices(0); i++) {
        device_at(i, info);
        if (strcmp(info->name, wanted) == 0) {
            return sdl.GetAudioDeviceName(i, 0);
        }
        const char *names[] = {info->name};
        if (nearest == NULL && motet_nearest_name(wanted, names, 1) != NULL) {
            nearest = sdl.GetAudioDeviceName(i, 0);
        }
    }
    if (nearest != NULL) {
        snprintf(error, error_size, "no device is called \"%s\"; did you mean \"%s\"?", wanted, nearest);
    } else {
        snprintf(error, error_size, "no device is called \"%s\"", wanted);
    }
    return NULL;
}

/* A power of two: some drivers need it, and SDL 2.26's own rounding for them overruns their buffer. */
static Uint16 period_of(uint32_t frames)
{
    uint32_t period = 16;
    while (period < frames && period < MOST_PERIOD_FRAMES) {
        period *= 2;
    }
    return (Uint16)period;
}

/* Under the lock, with the audio subsystem started. */
static motet_result open_started(motet_device *device, const motet_device_request *request, motet_device_opened *opened,
                                 char *error, size_t error_size)
{
    motet_device_info info = {0};
    SDL_AudioSpec hardware = {0};
    const char *name = NULL;
    if (request->name != NULL) {
        name = full_name(request->name, &info, error, error_size);
        if (name == NULL) {
            return MOTET_ERROR_NOT_FOUND;
        }
    } else if (default_device(info.name, sizeof info.name, &hardware)) {
        info.sample_rate_hz = hardware.freq > 0 ? (uint32_t)hardware.freq : 0;
        info.channels = hardware.channels;
    } else {
        snprintf(info.name, sizeof info.name, "default");
    }

    SDL_AudioSpec wanted = {0};
    SDL_AudioSpec got = {0};
    wanted.freq = (int)request->sample_rate_hz;
    wanted.format = AUDIO_F32SYS;
    wanted.channels = (Uint8)request->channels;
    wanted.samples = period_of(request->period_frames);
    wanted.callback = sdl_callback;
    wanted.userdata = device;
    alsa_error_fn *before = alsa_set_handler(alsa_be_quiet);
    /* Another block size costs nothing; all else SDL converts. */
    device->id = sdl.OpenAudioDevice(name, 0, &wanted, &got, SDL_AUDIO_ALLOW_SAMPLES_CHANGE);
    alsa_set_handler(before);
    if (device->id == 0) {
        if (sdl.GetNumAudioDevices(0) == 0) {
            snprintf(error, error_size, "no available audio device");
        } else {
            copy_sdl_error(error, error_size);
        }
        return MOTET_ERROR_DEVICE;
    }
    *opened = (motet_device_opened){.sample_rate_hz =
                                        info.sample_rate_hz != 0 ? info.sample_rate_hz : request->sample_rate_hz,
                                    .channels = info.channels != 0 ? info.channels : request->channels,
                                    .period_frames = got.samples,
                                    /* One block on its way and one being heard; SDL does not tell what lies behind. */
                                    .latency_frames = 2u * got.samples};
    snprintf(opened->name, sizeof opened->name, "%s", info.name);
    snprintf(opened->driver, sizeof opened->driver, "%s", sdl.GetCurrentAudioDriver());
    return MOTET_OK;
}

static motet_result sdl_open(const motet_device_request *request, motet_device **opened_device,
                             motet_device_opened *opened, char *error, size_t error_size)
{
    motet_device *device = calloc(1, sizeof *device);
    *opened_device = NULL;
    if (device == NULL) {
        snprintf(error, error_size, "out of memory");
        return MOTET_ERROR_DEVICE;
    }
    device->render = request->render;
    device->user = request->user;
    device->bytes_per_frame = request->channels * (uint32_t)sizeof(float);
    motet_result result = MOTET_ERROR_UNSUPPORTED;
    if (sdl_enter(error, error_size)) {
        result = MOTET_ERROR_DEVICE;
        if (start_audio(error, error_size)) {
            result = open_started(device, request, opened, error, error_size);
            if (result != MOTET_OK) {
                stop_audio();
            }
        }
        if (result == MOTET_OK) {
            motet_add_relaxed_u64(&sdl.users, 1); /* until close */
            sdl.PauseAudioDevice(device->id, 0);
        }
        sdl_leave();
    } else if (sdl.loaded) {
        result = MOTET_ERROR_DEVICE;
    }
    if (result != MOTET_OK) {
        free(device);
        return result;
    }
    *opened_device = device;
    return MOTET_OK;
}

static bool sdl_lost(motet_device *device)
{
    /* SDL leaves its callback running at the old pace then, into nothing. */
    return sdl.GetAudioDeviceStatus(device->id) == SDL_AUDIO_STOPPED;
}

static void sdl_close(motet_device *device)
{
    char error[64];
    sdl.CloseAudioDevice(device->id); /* outside the lock: this is what hangs while a server is frozen */
    if (sdl_enter(error, sizeof error)) {
        stop_audio();
        sdl_leave();
    }
    motet_add_relaxed_u64(&sdl.users, UINT64_MAX);
    free(device);
}

const motet_device_backend motet_sdl_device_backend = {
    .name = "SDL",
    .describe = sdl_describe,
    .list = sdl_list,
    .open = sdl_open,
    .lost = sdl_lost,
    .close = sdl_close,
};
