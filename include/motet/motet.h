/* Motet: a real-time audio mixer and engine for games.
 *
 *     motet_engine *engine = motet_engine_create(NULL);
 *     motet_sound theme = motet_sound_load(engine, "theme.ogg", NULL);
 *     motet_voice voice = motet_voice_play(engine, theme, NULL);
 *     while (motet_voice_is_active(engine, voice)) motet_sleep_ms(10);
 *     motet_engine_destroy(engine);
 *
 * The rules that hold everywhere:
 *
 * - Zero is the default. Every `_def` struct is valid when zeroed, a zero field means its default, and a NULL
 *   def means all defaults. `motet_default_<thing>_def()` returns the same with the numbers written out.
 * - Sounds, voices and buses are named by ids: small values, safe to copy, compare and keep. {0} is none. An id
 *   whose thing is gone is *stale*: the call does nothing and returns MOTET_ERROR_STALE. Ids are not reused.
 * - Every change takes a `motet_timing`: when it happens and over how long. motet_now() is "as soon as possible,
 *   without a click".
 * - Any thread may call any function, except from the audio callback or where a `Thread:` line says otherwise. No
 *   call waits for the audio thread.
 * - NaN and infinity are refused with MOTET_ERROR_INVALID and the old value stays; finite values outside a stated
 *   range are clamped to it.
 * - A call that fails changes nothing; motet_last_error() says in words what was wrong.
 * - All counts are in frames: one sample for every channel at one instant. Audio is native-endian. */
#ifndef MOTET_H
#define MOTET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(MOTET_SHARED)
#    ifdef MOTET_BUILD
#        define MOTET_API __declspec(dllexport)
#    else
#        define MOTET_API __declspec(dllimport)
#    endif
#elif defined(__GNUC__)
#    define MOTET_API __attribute__((visibility("default")))
#else
#    define MOTET_API
#endif

/* On functions of the program's that run on the audio thread: compilers that know the attribute check that nothing
 * called from them allocates, locks or enters the kernel (clang 20 with -Wfunction-effects). */
#if defined(__clang__) && __clang_major__ >= 20
#    define MOTET_AUDIO_THREAD __attribute__((nonblocking))
#else
#    define MOTET_AUDIO_THREAD
#endif

/* On calls that are no use without what they return. */
#if defined(__GNUC__)
#    define MOTET_USE_RESULT __attribute__((warn_unused_result))
#else
#    define MOTET_USE_RESULT
#endif

#define MOTET_VERSION_MAJOR 0
#define MOTET_VERSION_MINOR 1
#define MOTET_VERSION_PATCH 0

/* ------------------------------------------------------------------------------------------------- Results */

/* Every result, with its text. */
#define MOTET_RESULT_LIST(X)                                                    \
    X(MOTET_OK, "ok")                                                           \
    X(MOTET_ERROR_STALE, "the id names nothing (any more)")                     \
    X(MOTET_ERROR_BUSY, "too many commands are waiting; try again in a moment") \
    X(MOTET_ERROR_INVALID, "an argument is not valid")                          \
    X(MOTET_ERROR_NOT_FOUND, "no such file, bus or device")                     \
    X(MOTET_ERROR_FORMAT, "the material is broken or of an unknown format")     \
    X(MOTET_ERROR_IO, "reading or writing failed")                              \
    X(MOTET_ERROR_MEMORY, "out of memory")                                      \
    X(MOTET_ERROR_LIMIT, "a limit set at creation is reached")                  \
    X(MOTET_ERROR_DEVICE, "the sound device failed")                            \
    X(MOTET_ERROR_UNSUPPORTED, "not supported by this build or platform")

typedef enum motet_result {
#define MOTET_RESULT_VALUE(name, text) name,
    MOTET_RESULT_LIST(MOTET_RESULT_VALUE)
#undef MOTET_RESULT_VALUE
} motet_result;

/* The result in a few words; never NULL. */
MOTET_API const char *motet_result_text(motet_result result);

/* The last failure on the calling thread in full words ("music.ogg: Vorbis setup header cut at byte 4096"); ""
 * if there was none. Valid until the thread's next failing call. */
MOTET_API const char *motet_last_error(void);
/* The result that goes with it: what a call that returned {0} or NULL would have returned. */
MOTET_API motet_result motet_last_result(void);

/* The library's version, as "0.1.0". */
MOTET_API const char *motet_version(void);

/* What this build of the library is made of; valid without an engine. */
typedef struct motet_build_info {
    const char *version;
    const char *compiler;        /* "gcc 12.2.0" */
    const char *simd;            /* level of the mixing code that engines get where their def names none: "avx2" */
    const char *decoders[8];     /* "libsndfile 1.2.0" ...; NULL after the last */
    char device_backends[4][64]; /* "SDL 2.26.5" ...; "" after the last: the null device and manual are always there */
} motet_build_info;

/* May load the device library, so not before a fork. Errors: INVALID. */
MOTET_API motet_result motet_get_build_info(motet_build_info *info);

/* ----------------------------------------------------------------------------------------------------- Ids */

typedef struct motet_engine motet_engine;

/* Loaded audio material, shared by voices. */
typedef struct motet_sound {
    uint64_t id;
} motet_sound;

/* One playing instance of a sound, a feed or a generator. */
typedef struct motet_voice {
    uint64_t id;
} motet_voice;

/* A named mixing point. */
typedef struct motet_bus {
    uint64_t id;
} motet_bus;

/* A processor on a bus. */
typedef struct motet_effect {
    uint64_t id;
} motet_effect;

/* -------------------------------------------------------------------------------------------------- Timing */

/* The shape of a fade; t runs from 0 to 1 over its length.
 * Volumes fade in linear gain except by MOTET_CURVE_DB; pan in the linear gain of each side, pitch in its factor. */
typedef enum motet_curve {
    MOTET_CURVE_SMOOTH = 0, /* 3t^2 - 2t^3: no corner at either end */
    MOTET_CURVE_LINEAR,     /* t */
    MOTET_CURVE_DB,         /* even in decibels (a volume; silence counts as -80 dB) or in octaves (a pitch) */
    MOTET_CURVE_POWER       /* sin(t pi/2) up, 1 - cos(t pi/2) down: two crossing fades keep their power */
} motet_curve;

/* As `fade_seconds`: a step, with no fade at all. Steps click; use it on silence or for tests. */
#define MOTET_FADE_NONE (-1.0)

/* When and how a change happens. Zeroed: as soon as possible, with the declick (10 ms, smooth).
 * A change at frame T with a fade of N frames leaves frame T as it was; frame T+N is the first with exactly the
 * new value. Changes for one frame apply in the order of the calls. A change that meets a running fade of the
 * same value takes over from its present value and slope. */
typedef struct motet_timing {
    uint64_t at_frame;   /* engine frame at which it applies; 0 or a frame already past: as soon as possible */
    double fade_seconds; /* 0: the engine's declick; MOTET_FADE_NONE: a step; else > 0, at most a day */
    motet_curve curve;   /* default MOTET_CURVE_SMOOTH */
} motet_timing;

static inline motet_timing motet_now(void)
{
    motet_timing timing = {0, 0, MOTET_CURVE_SMOOTH};
    return timing;
}

static inline motet_timing motet_fade(double seconds)
{
    motet_timing timing = {0, seconds, MOTET_CURVE_SMOOTH};
    return timing;
}

static inline motet_timing motet_at(uint64_t frame)
{
    motet_timing timing = {frame, 0, MOTET_CURVE_SMOOTH};
    return timing;
}

static inline motet_timing motet_at_fade(uint64_t frame, double seconds)
{
    motet_timing timing = {frame, seconds, MOTET_CURVE_SMOOTH};
    return timing;
}

/* --------------------------------------------------------------------------------------------- Measurement */

/* Volumes are in decibels, clamped to this range. The lowest is silence: a gain of exactly 0. A def's
 * `volume_db` is 0 dB when zeroed, which is the sound as recorded. */
#define MOTET_VOLUME_MIN_DB (-80.0f)
#define MOTET_VOLUME_MAX_DB 24.0f

/* Pitch is a playback rate factor, clamped to this range; 1 is as recorded, and a def's 0 means 1. */
#define MOTET_PITCH_MIN 0.01
#define MOTET_PITCH_MAX 64.0

/* A volume slider from 0 to 1, even to the ear, to decibels and back: 0 is silence, 1 is 0 dB, in between
 * 40 log10(slider). Clamped; NaN gives silence. */
MOTET_API float motet_slider_to_db(float slider);
MOTET_API float motet_db_to_slider(float volume_db);

/* -------------------------------------------------------------------------------------------------- Engine */

typedef enum motet_log_level { MOTET_LOG_ERROR = 1, MOTET_LOG_WARNING, MOTET_LOG_INFO } motet_log_level;

/* Receives the library's messages, one line without a newline.
 * Thread: any but the audio thread; calls may overlap. Must not call back into the engine. */
typedef void motet_log_fn(void *user, motet_log_level level, const char *text);

/* Where the engine's memory comes from. Both functions or none.
 * Thread: any but the audio thread; calls may overlap. */
typedef struct motet_allocator {
    void *(*allocate)(void *user, size_t size, size_t alignment); /* alignment: a power of two; NULL when out */
    void (*free)(void *user, void *memory, size_t size);          /* `size` as it was asked for */
    void *user;
} motet_allocator;

/* What `read` returns when there is nothing now but will be: it is asked again in a few milliseconds. */
#define MOTET_READ_LATER (-2)

/* An open file of the program's own: in a pak, in an archive, on a server. A file belongs to one sound's loading, or to
 * one voice of a streamed sound; what blocks in here holds up nobody else.
 * Thread: any but the audio thread; calls for one file never overlap. Must not call back into the engine. */
typedef struct motet_file {
    /* Up to `size` bytes from the present place on, fewer is fine: how many; 0 at the end; MOTET_READ_LATER; any other
     * negative number when it fails. */
    int64_t (*read)(void *file, void *bytes, size_t size);
    bool (*seek)(void *file, uint64_t offset); /* from the start, at most `size`; NULL: it cannot seek (a radio) */
    void (*close)(void *file);                 /* the last call, exactly one; may be NULL */
    uint64_t size;                             /* in bytes; without `seek` 0 where it is not known */
    void *file;                                /* given to all three */
} motet_file;

/* How the paths given to motet_sound_load are opened; zeroed: in the file system.
 * Thread: any but the audio thread; calls may overlap. Must not call back into the engine. */
typedef struct motet_files {
    /* Fills `file`, which is zeroed. MOTET_ERROR_NOT_FOUND where there is none, or another error. */
    motet_result (*open)(void *user, const char *path, motet_file *file);
    void *user;
} motet_files;

/* What the engine plays to. */
typedef enum motet_device_kind {
    MOTET_DEVICE_DEFAULT = 0, /* the sound device; where there is none the null device, and info.is_null says so */
    MOTET_DEVICE_STRICT,      /* the sound device; where there is none creation fails with MOTET_ERROR_DEVICE */
    MOTET_DEVICE_NULL,        /* no sound: time goes on as on a device */
    MOTET_DEVICE_MANUAL       /* none: the program calls motet_engine_render_f32 or _s16, in real time or offline */
} motet_device_kind;

typedef struct motet_engine_def {
    uint32_t sample_rate_hz;     /* of the engine's clock and output: 1 ... 384000, default 48000 */
    uint32_t channels;           /* of the output: 1 or 2, default 2. Mixing is always stereo; 1 is 0.5 (L + R) */
    uint32_t max_voices;         /* voices mixed at once: 1 ... 16384, default 256 */
    uint32_t max_virtual_voices; /* beyond those, keeping their time without being mixed: 1 ... 262144, default 4096 */
    bool no_virtual_voices;      /* a play beyond max_voices is refused instead */
    uint32_t max_buses;          /* Master included: 1 ... 1024, default 64 */
    uint32_t max_streams;        /* voices of streamed sounds at once: 1 ... 1024, default 64 */
    uint32_t max_scheduled;      /* commands that may wait to be applied: 16 ... 1048576, default 16384 */
    uint64_t cache_bytes;        /* sounds of files that have been released stay decoded in so much; default 0: none */

    motet_device_kind device; /* default MOTET_DEVICE_DEFAULT; MOTET_DEVICE=null in the environment overrides */
    const char *device_name;  /* as motet_device_list gives it; NULL: the system's default */
    uint32_t period_frames;   /* frames a device asks for at once: 16 ... 8192, default 10 ms; the device may round */

    bool no_limiter;        /* leaves the look-ahead limiter on Master out, and its latency with it */
    float ceiling_db;       /* of the limiter: -24 ... 0 dBFS, default 0. Below it, samples pass unchanged */
    float quiet_voice_db;   /* voices below this level are read by MOTET_QUALITY_CUBIC: -120 ... -40, default 0: off.
                               The level is that of their volume, fades and buses; no position moves */
    double declick_seconds; /* the default fade: 0 ... 1, default 0.01; MOTET_FADE_NONE: none (it will click) */
    uint64_t seed;          /* for every random choice, default 0 */
    /* Level of the mixing code: c, sse2, avx2, avx512 or neon, as far as the machine has it; NULL: MOTET_SIMD in the
     * environment, else the best that the CPU has. Every level makes the same samples. */
    const char *simd;

    motet_files files;         /* of all sounds loaded by a path; default the file system */
    motet_allocator allocator; /* default malloc and free */
    motet_log_fn *log;         /* default: errors and warnings to standard error, each text once a second */
    void *log_user;
} motet_engine_def;

/* The defaults, written out. */
MOTET_API motet_engine_def motet_default_engine_def(void);

/* Creates an engine and opens its device. All memory that mixing needs is taken here. NULL on failure:
 * motet_last_error() says why (an invalid def, no memory, with MOTET_DEVICE_STRICT no device). */
MOTET_API MOTET_USE_RESULT motet_engine *motet_engine_create(const motet_engine_def *def);

/* Stops the device after it has played what it holds (at most 100 ms), ends every voice and frees everything.
 * NULL does nothing. No other call may run or follow. */
MOTET_API void motet_engine_destroy(motet_engine *engine);

/* Renders the next `frame_count` frames, interleaved, in the engine's channel count: float samples (never clipped)
 * or 16-bit ones (clamped to +-1, times 32767, rounded to nearest even). The result does not depend on how frames
 * are spread over calls. With the limiter on, frame n of the output is engine frame n - latency_frames.
 *
 * Thread: this is the audio thread; one at a time, and only with MOTET_DEVICE_MANUAL. It never allocates, locks,
 * waits or enters the kernel. Called in another mode, or while another thread is in it, it writes silence. */
MOTET_API void motet_engine_render_f32(motet_engine *engine, float *interleaved, uint32_t frame_count);
MOTET_API void motet_engine_render_s16(motet_engine *engine, int16_t *interleaved, uint32_t frame_count);

/* For rendering by hand with streamed voices, sounds loaded with `async`, and generators on threads: decodes on the
 * calling thread what the next frames will hear, waits for sounds and generators that they need, and returns for how
 * many of them, at most `frame_count`, that holds: up to the next frame at which something may send a stream elsewhere.
 * So rendered, the result does not depend on how fast the machine decodes:
 *     for (uint32_t n; left > 0; left -= n, out += n * channels)
 *         motet_engine_render_f32(engine, out, n = motet_engine_prepare(engine, left));
 * It may take its time, and read files. 0 only for NULL, 0 frames, and while another thread renders.
 * Thread: the one that renders; with MOTET_DEVICE_MANUAL only, else it does nothing. */
MOTET_API MOTET_USE_RESULT uint32_t motet_engine_prepare(motet_engine *engine, uint32_t frame_count);

typedef struct motet_clock {
    uint64_t frame;          /* the next engine frame to be rendered: commands apply here at the earliest */
    uint64_t heard_frame;    /* the engine frame that is heard at `monotonic_ns` */
    uint64_t monotonic_ns;   /* now, by the system's monotonic clock */
    uint32_t latency_frames; /* from rendering to hearing: the limiter's and the device's */
} motet_clock;

/* The engine's time. With MOTET_DEVICE_MANUAL `heard_frame` lags by the limiter's latency alone. */
MOTET_API motet_result motet_engine_get_clock(const motet_engine *engine, motet_clock *clock);

typedef struct motet_engine_info {
    uint32_t sample_rate_hz;
    uint32_t channels;
    uint32_t latency_frames; /* of the limiter: fixed for the engine's life, 0 without it */
    uint32_t declick_frames;
    uint32_t max_voices;
    const char *simd;               /* level of the mixing code in use: "c", "sse2", "avx2", "avx512" or "neon" */
    motet_device_kind device;       /* as asked for */
    char device_name[128];          /* in use now; "null" or "manual" where there is none */
    char device_driver[32];         /* "pulseaudio", "alsa" ...; "" where there is none */
    uint32_t device_sample_rate_hz; /* as the device reported it; the engine's where there is none */
    uint32_t device_channels;
    uint32_t period_frames;         /* frames the device asks for at once; 0 with MOTET_DEVICE_MANUAL */
    uint32_t device_latency_frames; /* what the device holds, estimated, in engine frames */
    bool is_null;                   /* no sound device is open: time goes on, nothing is heard */
    char null_reason[128];          /* why, where one was wanted: "SDL: no available audio device"; else "" */
} motet_engine_info;

MOTET_API motet_result motet_engine_get_info(const motet_engine *engine, motet_engine_info *info);

typedef struct motet_stats {
    uint64_t frames_rendered;
    uint64_t voices_started;
    uint32_t voices_active;    /* sounding, paused or virtual now; a scheduled voice counts from its first frame */
    uint32_t voices_virtual;   /* of those, keeping their time without being mixed */
    uint32_t voices_peak;      /* the most at once so far */
    uint32_t tails_dropped;    /* fading copies ended early because all were in use: each may click */
    uint32_t commands_waiting; /* given but not applied yet */
    uint64_t commands_applied;
    uint64_t commands_late;     /* that asked for a frame already past */
    uint64_t commands_refused;  /* calls that returned MOTET_ERROR_BUSY */
    uint64_t events_lost;       /* because the program did not poll in time */
    uint64_t feed_gaps;         /* times that a fed voice, or a generator on a thread, ran dry */
    uint64_t stream_gaps;       /* times that a streamed voice ran dry */
    uint64_t non_finite_frames; /* frames silenced because they held NaN or infinity */
    uint32_t effects_awake;     /* effects that process, or ring out, now */
    uint64_t device_losses;     /* times that the sound device was lost */
    uint64_t blocks_missed;     /* blocks skipped because the null clock was too far behind */
    float master_level[2];      /* left and right after Master: peak, falling by 20 dB in 1.5 s; linear */
    float master_peak;          /* highest sample of Master since creation; linear */
    float render_load;          /* time spent rendering over time rendered, smoothed; 0 with MOTET_DEVICE_MANUAL */
    uint64_t memory_bytes;      /* taken from the allocator now */
    uint64_t cache_bytes;       /* of that, for released sounds: see motet_engine_def.cache_bytes */
    uint64_t cache_hits;        /* loads that found their sound there */
} motet_stats;

MOTET_API motet_result motet_engine_get_stats(const motet_engine *engine, motet_stats *stats);

/* Gives up all released sounds that are kept in `cache_bytes`. Errors: INVALID. */
MOTET_API motet_result motet_engine_trim(motet_engine *engine);

/* Groups: all commands that the calling thread gives between begin and commit are applied together; those
 * without a frame of their own share one frame. Groups belong to the thread that began them. What another thread
 * asks of a voice whose play waits in a group, a stop too, joins that group behind the play; all else that it asks is
 * not held back, and motet_sound_stop and motet_bus_stop do not reach what waits in another thread's group.
 * Errors of begin: MOTET_ERROR_INVALID a group is open; MOTET_ERROR_LIMIT 64 other threads have one open.
 * Errors of commit: MOTET_ERROR_INVALID no group is open; MOTET_ERROR_BUSY nothing was applied and the group
 * stays open: commit again later. A group holds at most max_scheduled commands: a call beyond gets
 * MOTET_ERROR_LIMIT. */
MOTET_API motet_result motet_engine_begin(motet_engine *engine);
MOTET_API motet_result motet_engine_commit(motet_engine *engine);

/* -------------------------------------------------------------------------------------------------- Events */

typedef enum motet_event_type {
    MOTET_EVENT_VOICE_ENDED = 1, /* exactly one for every voice: `reason`, `voice`, `user` */
    MOTET_EVENT_VOICE_LOOPED, /* went round its loop `count` times, the first at `frame`; once in 512 frames at most */
    MOTET_EVENT_VOICE_MARKER, /* passed `count` markers of `sound`, the first, number `marker`, at `frame`; once in 512
                                 frames at most. Of a set, `sound` is the one that it picked */
    MOTET_EVENT_FEED_STARVED, /* a fed voice, or a generator on a thread, ran dry: `voice`; once for each gap */
    MOTET_EVENT_SOUND_TRUNCATED, /* the file ended before its header said, or is damaged: `sound`; it plays as far as it
                                    goes. Once a sound; of a streamed one when it is found */
    MOTET_EVENT_NON_FINITE,  /* NaN or infinity was silenced: in material `sound` (once) or `voice`, in a mix `bus` */
    MOTET_EVENT_DEVICE_LOST, /* time goes on without sound until MOTET_EVENT_DEVICE_BACK */
    MOTET_EVENT_DEVICE_BACK,
    MOTET_EVENT_OVERFLOW,       /* the program polled too seldom: `count` events were lost */
    MOTET_EVENT_STREAM_STARVED, /* a streamed voice ran dry and waits where it is: `voice`; once for each gap */
    MOTET_EVENT_SOUND_READY,    /* a sound loaded with `async` is there, or has been read again: `sound` */
    MOTET_EVENT_SOUND_FAILED    /* it cannot be had; `result` says why. One that was to be read again stays as it was */
} motet_event_type;

typedef enum motet_end_reason {
    MOTET_END_NONE = 0,
    MOTET_END_ENDED,   /* the material was played to its end */
    MOTET_END_STOPPED, /* by a call */
    MOTET_END_STOLEN,  /* for another voice of a sound that may have only so many */
    MOTET_END_REFUSED, /* it never sounded: too many voices of its sound, too soon after the last, or only fed and
                          generated voices */
    MOTET_END_FAILED,  /* its material failed while it played, or could not be loaded */
    MOTET_END_LATE     /* it never sounded: its sound was not loaded in time (motet_voice_def.wait_seconds) */
} motet_end_reason;

typedef struct motet_event {
    motet_event_type type;
    motet_end_reason reason;
    uint64_t frame;    /* engine frame at which it happened; for an end, the first frame that is silent */
    motet_voice voice; /* {0} where it does not apply; likewise below */
    motet_sound sound;
    motet_bus bus;
    uint64_t user; /* of the voice's def */
    uint32_t count;
    uint32_t marker;     /* of VOICE_MARKER */
    motet_result result; /* of SOUND_FAILED */
} motet_event;

/* Takes the oldest event; false when there is none. Events come in the order of their frames within a block, and the
 * end of a voice is the last that is told of it.
 * The queue holds at least 4096; when it is full the oldest are lost, counted and told by one OVERFLOW. */
MOTET_API MOTET_USE_RESULT bool motet_engine_poll_event(motet_engine *engine, motet_event *event);

/* "ended", "stopped", "stolen", "refused", "failed", "late"; "none". Never NULL. */
MOTET_API const char *motet_end_reason_text(motet_end_reason reason);

/* ------------------------------------------------------------------------------------------------- Devices */

typedef struct motet_device_info {
    char name[128];
    bool is_default;
    uint32_t sample_rate_hz; /* preferred; 0 where the system does not say */
    uint32_t channels;       /* preferred; 0 where the system does not say */
} motet_device_info;

/* Writes the output devices, at most `capacity` of them, and returns how many there are. 0 with
 * motet_last_error() set when the system has none or the device library is missing. May take a second. */
MOTET_API MOTET_USE_RESULT uint32_t motet_device_list(motet_device_info *devices, uint32_t capacity);

/* Moves the engine to another device while it plays, by name; NULL is the system's default. Returns at once; the
 * change is made in the background and sound goes on from the same engine frame.
 * Errors: MOTET_ERROR_NOT_FOUND no device has that name; MOTET_ERROR_UNSUPPORTED with MOTET_DEVICE_MANUAL. */
MOTET_API motet_result motet_engine_set_device(motet_engine *engine, const char *name);

/* -------------------------------------------------------------------------------------------------- Sounds */

typedef enum motet_format { MOTET_FORMAT_S16 = 1, MOTET_FORMAT_F32 } motet_format;

/* In which format a sound is kept in memory. */
typedef enum motet_store {
    MOTET_STORE_AUTO = 0, /* 8 and 16 bit and lossy files as s16; 24 bit and above as f32; PCM as it is given */
    MOTET_STORE_S16,      /* rounded to nearest, clamped to +-1 */
    MOTET_STORE_F32
} motet_store;

/* Which voice of a sound yields when there are too many. */
typedef enum motet_yield {
    MOTET_YIELD_QUIETEST = 0, /* the quietest one playing ends, as MOTET_END_STOLEN */
    MOTET_YIELD_OLDEST,       /* the one that started first */
    MOTET_YIELD_NEW           /* the new one does not start: MOTET_END_REFUSED */
} motet_yield;

/* A named place in a sound (a cue point): voices that pass it tell so by MOTET_EVENT_VOICE_MARKER. */
typedef struct motet_marker {
    uint64_t frame;   /* in the sound's own frames */
    const char *name; /* UTF-8, at most 255 bytes; "" or, in a def, NULL: none */
} motet_marker;

typedef struct motet_sound_def {
    const char *name;  /* for messages; default the file's path. Copied */
    motet_store store; /* default MOTET_STORE_AUTO */
    /* Keeps the file's rate. Else a sound of another rate than the engine's is converted to it, to f32 unless `store`
     * asks for s16, and pitch 1 costs nothing; except sounds with loop points, and of less than 1/16 of the engine's
     * rate. Positions are always in the file's own frames. */
    bool no_convert;
    /* Decoded while it plays instead of when it is loaded: for music and long ambiences. The file is opened for each
     * voice, so it stays where it is; what is heard has the samples of the loaded sound. Not of PCM and signals, which
     * are in memory already. A file that cannot seek is played as its bytes come (MP3, Vorbis, FLAC, WAV): its voices
     * neither seek nor loop, the first has the file that loading has opened, and motet_engine_prepare leaves them
     * out. */
    bool stream;
    /* With `stream`: the file's bytes are read once, on loading, kept, and decoded from there: music compressed in
     * memory, that needs no file any more. */
    bool in_memory;
    const motet_files *files; /* for this path; NULL: the engine's. Copied */
    /* Read in the background: the id is there at once and can be played at once. motet_sound_info.state and an event,
     * MOTET_EVENT_SOUND_READY or _FAILED, tell the rest. PCM and signals are ready at once. */
    bool async;
    uint32_t max_voices;         /* of this sound at once; default any number */
    motet_yield yield;           /* default MOTET_YIELD_QUIETEST */
    double min_interval_seconds; /* between two starts, a play sooner is refused: 0 ... 60, default 0 */
    double tempo_bpm;            /* beats in a minute, of the sound as recorded: 0 (none) ... 1000 */
    uint32_t beats_per_bar;      /* default 4 */
    uint64_t first_beat_frame;   /* where a bar begins, in the sound's own frames, default 0 */
    const motet_marker *markers; /* in place of the file's: inside the sound, in the order of their frames. Copied */
    uint32_t marker_count;       /* at most 1000; default 0: the file's own */
} motet_sound_def;

MOTET_API motet_sound_def motet_default_sound_def(void);

/* Loads and decodes a whole file: WAV, AIFF, CAF, FLAC, Ogg Vorbis, Opus, MP3. The same path with the same def (its
 * name and files too) again gives the same id, counted: release it as often. 3 to 8 channels are folded to stereo
 * (centre and surrounds at sqrt(1/2), LFE dropped). A file that is cut short plays to its last whole frame, with an
 * event. NaN and infinity in float material become 0, with an event; floats beyond +-1e6 are clamped.
 * Errors ({0}): NOT_FOUND, FORMAT broken or unknown, IO, MEMORY, UNSUPPORTED (built without decoders). With `async` all
 * but INVALID and MEMORY are told later. */
MOTET_API MOTET_USE_RESULT motet_sound motet_sound_load(motet_engine *engine, const char *path,
                                                        const motet_sound_def *def);

/* The same from a file's bytes in memory, which are not needed after the call. */
MOTET_API MOTET_USE_RESULT motet_sound motet_sound_load_memory(motet_engine *engine, const void *bytes,
                                                               size_t byte_count, const motet_sound_def *def);

/* Samples in memory, interleaved. */
typedef struct motet_pcm {
    const void *samples;
    motet_format format;
    uint32_t channels;       /* 1 ... 8 */
    uint32_t sample_rate_hz; /* 1 ... 768000 */
    uint64_t frame_count;    /* 0 is allowed: a voice of it ends at once */
} motet_pcm;

/* A sound from samples, which are copied. Errors ({0}): INVALID, MEMORY. */
MOTET_API MOTET_USE_RESULT motet_sound motet_sound_from_pcm(motet_engine *engine, const motet_pcm *pcm,
                                                            const motet_sound_def *def);

typedef enum motet_signal_kind {
    MOTET_SIGNAL_SINE = 1, /* amplitude * sin(2 pi frac(hz * n / rate)), n from 0 */
    MOTET_SIGNAL_NOISE,    /* uniform in +-amplitude, by splitmix64 of (seed, frame, channel) */
    MOTET_SIGNAL_CONSTANT, /* `from` in every frame */
    MOTET_SIGNAL_RAMP,     /* from + (to - from) * n / (frames - 1) */
    MOTET_SIGNAL_IMPULSE   /* `amplitude` in frame `at_frame`, 0 elsewhere */
} motet_signal_kind;

/* A test signal, computed in double and rounded once to f32: the same samples on every machine. */
typedef struct motet_signal {
    motet_signal_kind kind;
    double hz;               /* SINE: > 0 */
    double amplitude;        /* SINE, NOISE, IMPULSE: default 0 */
    double from, to;         /* RAMP; CONSTANT (`from`) */
    uint64_t at_frame;       /* IMPULSE */
    uint64_t seed;           /* NOISE */
    double seconds;          /* length: >= 0; frames = floor(seconds * rate + 0.5) */
    uint32_t channels;       /* 1 or 2, default 1; channels are copies, except NOISE */
    uint32_t sample_rate_hz; /* default the engine's */
} motet_signal;

/* A sound made of a test signal, kept as f32. Errors ({0}): INVALID, MEMORY. */
MOTET_API MOTET_USE_RESULT motet_sound motet_sound_from_signal(motet_engine *engine, const motet_signal *signal,
                                                               const motet_sound_def *def);

typedef struct motet_variations_def {
    const char *name;             /* for messages, default "variations" */
    const float *weights;         /* one for each sound, above 0: how often it is picked; NULL: all alike */
    float volume_jitter_db;       /* each voice is up to so much louder or quieter: 0 ... 24 */
    float pitch_jitter_semitones; /* and up to so much higher or lower: 0 ... 24 */
    uint32_t max_voices;          /* of all its sounds together; likewise below */
    motet_yield yield;
    double min_interval_seconds;
} motet_variations_def;

MOTET_API motet_variations_def motet_default_variations_def(void);

/* A sound that plays one of several, never the same twice in a row: footsteps, shots. Every choice comes from the
 * engine's seed in the order of the plays. The sounds are held until the set is released.
 * Errors ({0}): STALE a sound; INVALID none or more than 256, a set in a set, a bad weight or jitter; MEMORY. */
MOTET_API MOTET_USE_RESULT motet_sound motet_sound_variations(motet_engine *engine, const motet_sound *sounds,
                                                              uint32_t count, const motet_variations_def *def);

/* Gives a sound back. The id is stale at once (or at the last release, where a path was loaded more than once);
 * voices of it play to their end, then its memory goes. Errors: STALE. */
MOTET_API motet_result motet_sound_release(motet_engine *engine, motet_sound sound);

/* Reads a sound's file again, for voices that are played from now on; those that play cross over to it at the same
 * place in seconds, by the timing's fade, and end where it is shorter. Streamed voices play the old file to its end. A
 * sound loaded with `async` is read in the background, and an event tells of it, else the file is read before the call
 * returns. The id stays; info, tags and markers are the new ones. On failure nothing changes.
 * Errors: as motet_sound_load; STALE; INVALID its material is not from a path; BUSY it is being read now. */
MOTET_API motet_result motet_sound_reload(motet_engine *engine, motet_sound sound, motet_timing timing);

/* True when the file's size or time of change is another than when the sound was read from it; false while there is no
 * such file, and for sounds from memory. For tools that look once in a while. */
MOTET_API MOTET_USE_RESULT bool motet_sound_has_changed(const motet_engine *engine, motet_sound sound);

/* Stops every voice of a sound that has been played so far, scheduled ones included. Errors: STALE, INVALID, BUSY. */
MOTET_API motet_result motet_sound_stop(motet_engine *engine, motet_sound sound, motet_timing timing);

typedef enum motet_sound_state {
    MOTET_SOUND_READY = 0,
    MOTET_SOUND_LOADING, /* with `async`: what is known of its file is still 0 in the info */
    MOTET_SOUND_FAILED   /* with `async`: motet_sound_get_error says why */
} motet_sound_state;

typedef struct motet_sound_info {
    uint64_t frame_count; /* 0 where it is not known: see `seekable` */
    double seconds;
    uint32_t sample_rate_hz;
    uint32_t channels;      /* as kept: 1 or 2 */
    uint32_t file_channels; /* as in the file */
    motet_format format;    /* as kept */
    char container[32];     /* "WAV", "FLAC", "Ogg" ...; "" for PCM and signals */
    char encoding[32];      /* "16-bit PCM", "Vorbis" ...; "" for PCM and signals */
    bool lossy;
    bool seekable;             /* else it is streamed from a file that cannot seek, and its length is not known */
    bool truncated;            /* the file ended before its header said */
    uint64_t loop_start_frame; /* the file's loop points; both 0 without */
    uint64_t loop_end_frame;   /* exclusive */
    uint32_t marker_count;     /* of the file's or the def's markers */
    uint64_t memory_bytes;
    uint32_t use_count; /* voices that hold it now */
    motet_sound_state state;
} motet_sound_info;

MOTET_API motet_result motet_sound_get_info(const motet_engine *engine, motet_sound sound, motet_sound_info *info);

/* Writes in words why a sound could not be loaded in the background, or read again there the last time; "" if it could.
 * Cut to `size` bytes, the final 0 included. Returns what motet_sound_load would have. Errors: also STALE, INVALID. */
MOTET_API motet_result motet_sound_get_error(const motet_engine *engine, motet_sound sound, char *text, size_t size);

/* The file's tags, numbered from 0: "TITLE", "ARTIST" ... NULL after the last. Valid while the sound is, or until it
 * is read again. */
typedef struct motet_tag {
    const char *key, *value;
} motet_tag;
MOTET_API motet_result motet_sound_get_tag(const motet_engine *engine, motet_sound sound, uint32_t index,
                                           motet_tag *tag);

/* The sound's markers, numbered from 0 in the order of their frames; a name of NULL after the last. Valid while the
 * sound is, or until it is read again. WAV's and AIFF's cue points, and the chapters of FLAC's, Vorbis's and Opus's
 * comments, are read: the first 1000 inside the sound. Errors: STALE, INVALID. */
MOTET_API motet_result motet_sound_get_marker(const motet_engine *engine, motet_sound sound, uint32_t index,
                                              motet_marker *marker);

/* Copies frames of a sound's file as interleaved floats in its own channel count, for tools and tests. Frames past the
 * end are not written; `read` (may be NULL) receives how many were. Errors: STALE, INVALID; BUSY it is not loaded yet;
 * UNSUPPORTED a streamed sound, and one of more than 60 s that was converted to the engine's rate: load that with
 * `no_convert`. */
MOTET_API motet_result motet_sound_read_f32(const motet_engine *engine, motet_sound sound, uint64_t from_frame,
                                            float *interleaved, uint32_t frame_count, uint32_t *read);

/* -------------------------------------------------------------------------------------------------- Voices */

/* How a voice is interpolated at a rate other than the engine's. At exactly its rate, every quality copies. */
typedef enum motet_quality {
    MOTET_QUALITY_DEFAULT = 0, /* sinc16; sinc32 for material of another rate than the engine's */
    MOTET_QUALITY_LINEAR,
    MOTET_QUALITY_CUBIC,  /* four points, third order (Catmull-Rom) */
    MOTET_QUALITY_SINC16, /* 16-point low-pass filters, longer ones as the rate rises: nothing folds back */
    MOTET_QUALITY_SINC32  /* the same with 32 points: brighter, and noise far below 16 bits */
} motet_quality;

/* What a voice does whose sound is not loaded yet at its frame. */
typedef enum motet_late {
    MOTET_LATE_START = 0, /* starts from its first frame, as soon as it can */
    MOTET_LATE_SKIP       /* starts where it would be by then, with the declick: for music that keeps to a clock */
} motet_late;

/* As `wait_seconds`: it starts on its frame or not at all. */
#define MOTET_WAIT_NONE (-1.0)

typedef struct motet_voice_def {
    float volume_db; /* -80 (silence) ... 24, default 0 */
    float pan;       /* -1 left ... 1 right, default 0: a balance, 0 dB at the centre */
    double pitch;    /* 0.01 ... 64, default 1; negative is refused */
    motet_bus bus;   /* default Master */
    bool loop;       /* goes round, without a seam, until its loop is switched off */
    uint64_t
        loop_start_frame;    /* the range that it goes round, in the sound's own frames: 0 and 0 are the file's loop */
    uint64_t loop_end_frame; /* points, or the whole sound where it has none. The end is exclusive, 0: the sound's */
    bool loop_whole;         /* the whole sound, whatever loop points the file has */
    uint32_t loop_count;     /* times that the range is heard before the rest of the sound; default 0: no end */
    double loop_crossfade_seconds; /* of the range's end into what lies before its start: 0 ... the shorter of both */
    uint64_t from_frame;           /* in the sound's own frames; at or past its end the voice ends at once */
    bool paused;                   /* waits at its first frame for motet_voice_resume */
    double priority; /* in decibels: how much louder the voice counts when voices become virtual: -200 ... 200 */
    motet_quality quality;
    double wait_seconds; /* for a sound that is still loading, then it ends as MOTET_END_LATE: default 0, as long as it
                            takes; MOTET_WAIT_NONE */
    motet_late late;     /* default MOTET_LATE_START */
    uint64_t user;       /* returned with the voice's events */
    motet_timing timing; /* when it starts; fade_seconds here is a fade in: default none, or the declick where
                            the voice starts inside its sound */
} motet_voice_def;

MOTET_API motet_voice_def motet_default_voice_def(void);

/* Plays a sound. The id is valid at once; changes that apply before the voice's first frame set its start values. A
 * sound that is still loading starts on its frame if it is there by then, and late otherwise; a loop's range that turns
 * out empty ends the voice as MOTET_END_FAILED.
 * Errors ({0}): STALE sound or bus; INVALID; BUSY; LIMIT max_voices, or max_streams, are in use; of a sound that could
 * not be loaded, what the load would have returned. */
MOTET_API motet_voice motet_voice_play(motet_engine *engine, motet_sound sound, const motet_voice_def *def);

/* Plays a sound in the place of a voice: one fades in while the other fades out, from the same frame on, which is
 * `def->timing`'s; its fade defaults to the declick, the curve of a longer one to
 * MOTET_CURVE_POWER. A stale `from` is no error.
 * Errors ({0}): as motet_voice_play. */
MOTET_API MOTET_USE_RESULT motet_voice motet_voice_crossfade(motet_engine *engine, motet_voice from, motet_sound to,
                                                             const motet_voice_def *def);

/* Plays a sound when a voice has come to its end: its first frame is the one behind the last of `after`, without a gap.
 * Above 0, `def->timing.fade_seconds` is a crossfade: it begins so long before that end (at once, and shorter, where
 * less is left), its curve as of motet_voice_crossfade; `at_frame` must be 0. What moves the end of `after` moves the
 * start: pauses, seeks, pitch, its loop, which has to be switched off or counted out. When `after` is stopped instead,
 * the new voice is cancelled too; when `after` fails, or is stale, it starts at once. It may itself be followed, before
 * it has started too.
 * Errors ({0}): as motet_voice_play; INVALID also an `after` that has a voice waiting for its end already. */
MOTET_API MOTET_USE_RESULT motet_voice motet_voice_queue(motet_engine *engine, motet_voice after, motet_sound next,
                                                         const motet_voice_def *def);

/* One of several sounds that are played together. */
typedef struct motet_stem {
    motet_sound sound;
    float volume_db; /* added to the def's */
    float pan;       /* likewise */
    motet_bus bus;   /* default: the def's */
    uint64_t user;   /* default: the def's */
} motet_stem;

/* Plays 2 ... 32 sounds of one rate, loaded and streamed ones, locked together sample for sample: the layers of a
 * piece. They start on one frame, when every streamed one has what it starts with; `voices` receives a voice for each.
 * What moves the position moves all: a seek, pitch, pause, resume, loop, cancel, crossfade or queue asked of one is
 * asked of them all. Volume, pan, bus and stop are each one's own. One that comes to its end, ends; the others go on.
 * The loop is that of the longest; a stem that is over before its end does not go round. A streamed one that runs dry
 * is silent, with its event, and comes back at the place of the others. All or none: errors as of motet_voice_play;
 * INVALID also sounds of different rates, sets of variations, and sounds that cannot seek; BUSY also one that is still
 * loading. */
MOTET_API motet_result motet_stems_play(motet_engine *engine, const motet_stem *stems, uint32_t count,
                                        const motet_voice_def *def, motet_voice *voices);

/* Ends a voice: silent from the end of the fade, with one VOICE_ENDED event. Before its first frame it is
 * cancelled. Never refused for want of room while no other stop of the voice waits. Errors: STALE, INVALID, BUSY. */
MOTET_API motet_result motet_voice_stop(motet_engine *engine, motet_voice voice, motet_timing timing);

/* Holds a voice at the position that it reaches at the end of the fade, and lets it go on from there with a fade
 * in. Pausing a paused voice does nothing. Errors: STALE, INVALID, BUSY. */
MOTET_API motet_result motet_voice_pause(motet_engine *engine, motet_voice voice, motet_timing timing);
MOTET_API motet_result motet_voice_resume(motet_engine *engine, motet_voice voice, motet_timing timing);

/* Jumps to a frame of the sound; the old place fades out while the new one fades in. Past the end: the voice ends.
 * Errors: STALE, INVALID (fed and generated voices cannot seek), BUSY. */
MOTET_API motet_result motet_voice_seek(motet_engine *engine, motet_voice voice, uint64_t to_frame,
                                        motet_timing timing);

/* Each continuous value moves by the timing's fade. Switching a loop off lets the voice run to its sound's end.
 * A voice taken to another bus fades from the old to the new one.
 * Errors: STALE (also a stale bus), INVALID (NaN, infinity; pitch <= 0), BUSY. */
MOTET_API motet_result motet_voice_set_volume_db(motet_engine *engine, motet_voice voice, float volume_db,
                                                 motet_timing timing);
MOTET_API motet_result motet_voice_set_pan(motet_engine *engine, motet_voice voice, float pan, motet_timing timing);
MOTET_API motet_result motet_voice_set_pitch(motet_engine *engine, motet_voice voice, double pitch,
                                             motet_timing timing);

/* Volume, pan and pitch of one voice among many. */
typedef struct motet_voice_values {
    motet_voice voice;
    float volume_db;
    float pan;
    double pitch;
} motet_voice_values;

/* The same as the three calls above for each of many voices, at a quarter of their cost: for games that move what is
 * heard in every frame. They apply together, from one frame on. Stale voices are passed over; where anything else is
 * wrong nothing is changed. Errors: INVALID (says which entry), BUSY. */
MOTET_API motet_result motet_voices_set(motet_engine *engine, const motet_voice_values *values, uint32_t count,
                                        motet_timing timing);

MOTET_API motet_result motet_voice_set_loop(motet_engine *engine, motet_voice voice, bool loop, motet_timing timing);
/* Moves the range. A voice at or past its end plays to the sound's end. Errors: also INVALID unless start < end. */
MOTET_API motet_result motet_voice_set_loop_range(motet_engine *engine, motet_voice voice, uint64_t start_frame,
                                                  uint64_t end_frame, motet_timing timing);
MOTET_API motet_result motet_voice_set_bus(motet_engine *engine, motet_voice voice, motet_bus bus, motet_timing timing);

/* Takes back what has been asked of a voice for later frames and has not been applied yet; not its start.
 * Errors: STALE, BUSY. */
MOTET_API motet_result motet_voice_cancel(motet_engine *engine, motet_voice voice);

/* The engine frame at which the music of a voice comes to its next beat, or its next bar, by its sound's tempo and at
 * its present pitch, around its loop if it has one: the first that is at least two periods of the device ahead (1), or
 * the one after that (2) ... 0 when the voice is stale or paused, ends before, or its sound has no tempo:
 * motet_last_error() says which. */
MOTET_API MOTET_USE_RESULT uint64_t motet_voice_next_beat(const motet_engine *engine, motet_voice voice,
                                                          uint32_t beats);
MOTET_API MOTET_USE_RESULT uint64_t motet_voice_next_bar(const motet_engine *engine, motet_voice voice, uint32_t bars);

/* True from play until the end event, also while scheduled or paused. */
MOTET_API MOTET_USE_RESULT bool motet_voice_is_active(const motet_engine *engine, motet_voice voice);

typedef struct motet_voice_state {
    double position_frames;  /* the next frame of the sound to be rendered, in its own frames */
    double heard_seconds;    /* where in the sound the ear is now, the latency taken off */
    bool started;            /* its first frame has been rendered: not while it waits there, played paused */
    bool paused;             /* itself, by the last call: the fade may still run; a bus may be paused too */
    bool is_virtual;         /* keeps its time without being mixed: others are louder or more important */
    float level_db;          /* its volume and fades now, before its bus; -80 when silent */
    double buffered_seconds; /* what a streamed, fed or generated voice has in hand, at its present pitch: 0 while it is
                                starved, at most 1 of a stream; INFINITY of one that needs nothing */
    bool loop;               /* the values below and this are the goals of the last calls, scheduled ones included */
    float volume_db;
    float pan;
    double pitch;
    motet_sound sound; /* {0} for a fed or generated voice */
    motet_bus bus;
    uint64_t user;
} motet_voice_state;

/* Errors: STALE, INVALID. */
MOTET_API motet_result motet_voice_get_state(const motet_engine *engine, motet_voice voice, motet_voice_state *state);

/* Writes in words what a voice's level is made of, and why it is silent if it is: "voice 17 rain.ogg on SFX: -14.0 dB =
 * voice -2.0 + Weather -9.0 + SFX -3.0; silent: SFX is muted". Cut to `size` bytes, the final 0 included.
 * Errors: STALE, INVALID. */
MOTET_API motet_result motet_voice_explain(const motet_engine *engine, motet_voice voice, char *text, size_t size);

#include "motet/feed.h"

/* --------------------------------------------------------------------------------------------------- Buses */

typedef struct motet_bus_def {
    motet_bus parent; /* default Master */
    float volume_db;  /* -80 ... 24, default 0 */
    bool mute;
    bool solo;
    bool paused; /* what is played into it waits at its first frame */
} motet_bus_def;

MOTET_API motet_bus_def motet_default_bus_def(void);

/* Creates a bus; of a name in use it returns that bus as it is. Names are UTF-8, at most 63 bytes, case matters.
 * Errors ({0}): INVALID an empty or long name, a NaN; STALE parent; LIMIT max_buses; BUSY; MEMORY. */
MOTET_API MOTET_USE_RESULT motet_bus motet_bus_create(motet_engine *engine, const char *name, const motet_bus_def *def);

/* The bus of a name. An unknown one is logged with the nearest name, and the id returned is never valid: using it
 * anywhere fails in words, and nothing lands on Master by a typing error. */
MOTET_API MOTET_USE_RESULT motet_bus motet_bus_find(const motet_engine *engine, const char *name);
MOTET_API MOTET_USE_RESULT motet_bus motet_bus_master(const motet_engine *engine);

/* All buses, one after the other: starts with {0}, Master first, parents before children; {0} after the last.
 *     for (motet_bus bus = motet_bus_master(e); bus.id != 0; bus = motet_bus_next(e, bus)) */
MOTET_API MOTET_USE_RESULT motet_bus motet_bus_next(const motet_engine *engine, motet_bus bus);

typedef struct motet_bus_info {
    char name[64];
    motet_bus parent; /* {0} for Master */
    float volume_db;  /* the goal of a running fade; likewise below */
    bool mute;
    bool solo;
    bool paused; /* itself; whether one above it is, that one tells */
} motet_bus_info;

MOTET_API motet_result motet_bus_get_info(const motet_engine *engine, motet_bus bus, motet_bus_info *info);

/* The highest sample of a bus's output, linear, since the last call: behind its fader and gates; of Master behind the
 * limiter. For meters: one reader a bus, which asks as often as it draws. Errors: STALE, INVALID. */
MOTET_API motet_result motet_bus_take_peak(motet_engine *engine, motet_bus bus, float *peak);

/* Errors: STALE, INVALID, BUSY. */
MOTET_API motet_result motet_bus_set_volume_db(motet_engine *engine, motet_bus bus, float volume_db,
                                               motet_timing timing);

/* Closes a bus's output; what plays into it goes on in silence. */
MOTET_API motet_result motet_bus_set_mute(motet_engine *engine, motet_bus bus, bool mute, motet_timing timing);

/* While any bus is soloed, a bus's own voices sound only if it or a bus above it is soloed. Mute wins over solo. */
MOTET_API motet_result motet_bus_set_solo(motet_engine *engine, motet_bus bus, bool solo, motet_timing timing);

/* Pauses the voices of a bus and of all below it: each runs while neither it nor a bus above it is paused, so resuming
 * a bus leaves those paused that were so by themselves. They fade and are held as by motet_voice_pause, and those that
 * start meanwhile wait at their first frame. Effects ring out. Of stems, each is paused with the bus of any of them. */
MOTET_API motet_result motet_bus_pause(motet_engine *engine, motet_bus bus, motet_timing timing);
MOTET_API motet_result motet_bus_resume(motet_engine *engine, motet_bus bus, motet_timing timing);

/* Stops all voices of a bus and of all below it that have been played so far, scheduled ones too. */
MOTET_API motet_result motet_bus_stop(motet_engine *engine, motet_bus bus, motet_timing timing);

/* Moves a bus with all that is below it under another one: it fades out of the old parent and into the new.
 * Errors: STALE, INVALID (Master has no parent; the new one lies below the bus, or gets its sound or its key from it),
 * MEMORY, BUSY. */
MOTET_API motet_result motet_bus_set_parent(motet_engine *engine, motet_bus bus, motet_bus parent, motet_timing timing);

/* How much of a bus's output also goes to another bus: behind its fader, or by _set_pre before it. The mute of the bus
 * closes both. From -80 dB on there is no such send.
 * Errors: STALE, INVALID (a NaN; the other bus's sound comes to this one: it would go round), MEMORY, BUSY. */
MOTET_API motet_result motet_send_set(motet_engine *engine, motet_bus from, motet_bus to, float volume_db,
                                      motet_timing timing);
MOTET_API motet_result motet_send_set_pre(motet_engine *engine, motet_bus from, motet_bus to, float volume_db,
                                          motet_timing timing);

#include "motet/effect.h"

/* --------------------------------------------------------------------------------------------------- Small help */

/* Sleeps for so many milliseconds. */
MOTET_API void motet_sleep_ms(uint32_t milliseconds);

/* The entry of `names` that `word` was probably meant to be, or NULL when none is near: what the library's own
 * "did you mean" uses, for tools and bindings. */
MOTET_API MOTET_USE_RESULT const char *motet_nearest_name(const char *word, const char *const *names, size_t count);

#ifdef __cplusplus
}
#endif

#endif /* MOTET_H */
