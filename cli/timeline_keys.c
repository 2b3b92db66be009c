#include "timeline_keys.h"

#include "motet/motet.h"
#include "timeline_time.h"

/* The place of a word is the value of motet_curve, motet_store, motet_yield, motet_quality; of a PCM format, s16 or
 * f32; of a mode, whether the voice is in space. */
static const char *const curves[] = {"smooth", "linear", "db", "power", NULL};
static const char *const stores[] = {"auto", "s16", "f32", NULL};
static const char *const yields[] = {"quietest", "oldest", "new", NULL};
static const char *const qualities[] = {"default", "linear", "cubic", "sinc16", "sinc32", NULL};
static const char *const pcm_formats[] = {"s16", "f32", NULL};
static const char *const modes[] = {"plain", "2d", "3d", NULL};

_Static_assert(MOTET_CURVE_SMOOTH == 0 && MOTET_CURVE_LINEAR == 1 && MOTET_CURVE_DB == 2 && MOTET_CURVE_POWER == 3,
               "a curve is its place");
_Static_assert(MOTET_STORE_AUTO == 0 && MOTET_STORE_S16 == 1 && MOTET_STORE_F32 == 2, "a store is its place");
_Static_assert(MOTET_YIELD_QUIETEST == 0 && MOTET_YIELD_OLDEST == 1 && MOTET_YIELD_NEW == 2, "a yield is its place");
_Static_assert(MOTET_QUALITY_DEFAULT == 0 && MOTET_QUALITY_LINEAR == 1 && MOTET_QUALITY_CUBIC == 2 &&
                   MOTET_QUALITY_SINC16 == 3 && MOTET_QUALITY_SINC32 == 4,
               "a quality is its place");

#define DAY_SECONDS 86400.0
#define FEED_SECONDS_MAX 60.0
#define INTERVAL_SECONDS_MAX 60.0
#define JITTER_MAX 24.0
#define REPEAT_MAX 1000000.0   /* voices that one line may start: far beyond hearing, and memory is taken for each */
#define COUNT_MAX 4294967295.0 /* of what the library counts in 32 bits */
#define LEVEL_MAX 1e6          /* far beyond full scale, far from the end of a float */
#define HZ_MAX 1e6
#define WHOLE_MAX 9007199254740991.0   /* 2^53 - 1: what a double holds exactly */
#define SEED_MAX 9223372036854775807.0 /* 2^63 - 1: the largest whole number that is read */
#define ENGINE_RATE_MAX 384000.0
#define SOUND_RATE_MAX 768000.0

/* The rows below: a key, one with more to say, a verb's own key, one whose default alone is in this version, and one
 * that is not in this version. */
#define KEY(key, type, place)                                                 \
    {                                                                         \
        .name = (key), .kind = MOTET_KEY_##type, .field = MOTET_FIELD_##place \
    }
#define KEY_WITH(key, type, place, ...)                                                    \
    {                                                                                      \
        .name = (key), .kind = MOTET_KEY_##type, .field = MOTET_FIELD_##place, __VA_ARGS__ \
    }
#define OWN_KEY(key, type) KEY_WITH(key, type, NAME, .required = true)
#define DEFAULT_KEY(key, type) KEY_WITH(key, type, NONE, .later = true)
#define LATER_KEY(key) KEY_WITH(key, ANY, NONE, .later = true, .no_default = true)
#define AT_KEY KEY("at", TIME, AT)
#define FADE_KEY KEY_WITH("fade", TIME, FADE, .max = DAY_SECONDS)
#define CURVE_KEY KEY_WITH("curve", CHOICE, CURVE, .choices = curves, .choices_now = 4)

static const motet_key header_keys[] = {
    KEY_WITH("motet", WHOLE, NAME, .required = true, .min = 1, .max = WHOLE_MAX),
    KEY_WITH("rate", WHOLE, RATE, .fallback = 48000, .min = 1, .max = ENGINE_RATE_MAX),
    KEY_WITH("channels", WHOLE, CHANNELS, .fallback = 2, .min = 1, .max = 2),
    KEY_WITH("limiter", FLAG, LIMITER, .fallback = 1),
    KEY_WITH("ceiling_db", NUMBER, CEILING_DB, .min = -24, .max = 0),
    KEY_WITH("declick", TIME, DECLICK, .max = 1),
    KEY_WITH("seed", WHOLE, SEED, .max = SEED_MAX),
    KEY_WITH("tempo", NUMBER, TEMPO, .fallback = 120, .min = MOTET_TEMPO_MIN, .max = MOTET_TEMPO_MAX),
    KEY_WITH("beats_per_bar", WHOLE, BEATS_PER_BAR, .fallback = 4, .min = 1, .max = MOTET_BEATS_PER_BAR_MAX),
    KEY_WITH("max_voices", WHOLE, MAX_VOICES, .fallback = 256, .min = 1, .max = 16384),
    KEY_WITH("quiet_voice_db", NUMBER, QUIET_VOICE_DB, .min = -120, .max = 0),
    KEY_WITH("max_virtual_voices", WHOLE, MAX_VIRTUAL_VOICES, .fallback = 4096, .max = 262144),
};

static const motet_key play_keys[] = {
    OWN_KEY("play", TEXT),
    AT_KEY,
    KEY("as", TEXT, AS),
    KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("pan", NUMBER, PAN),
    KEY_WITH("pitch", POSITIVE, PITCH, .fallback = 1),
    KEY("loop", FLAG, LOOP),
    KEY("loop_start", POSITION, LOOP_START),
    KEY("loop_end", POSITION, LOOP_END),
    KEY_WITH("loop_count", WHOLE, LOOP_COUNT, .max = COUNT_MAX),
    KEY_WITH("loop_crossfade", TIME, LOOP_CROSSFADE, .max = DAY_SECONDS),
    KEY("loop_whole", FLAG, LOOP_WHOLE),
    KEY("from", POSITION, FROM),
    KEY("bus", TEXT, BUS),
    KEY("priority", NUMBER, PRIORITY),
    KEY_WITH("quality", CHOICE, QUALITY, .choices = qualities, .choices_now = 5),
    KEY_WITH("mode", CHOICE, MODE, .choices = modes, .choices_now = 1),
    KEY("paused", FLAG, PAUSED),
    FADE_KEY,
    CURVE_KEY,
    KEY("position", ANY, POSITION),
    KEY("velocity", ANY, VELOCITY),
    KEY("min_distance", ANY, MIN_DISTANCE),
    KEY("max_distance", ANY, MAX_DISTANCE),
    KEY("rolloff", ANY, ROLLOFF),
    KEY_WITH("repeat", WHOLE, REPEAT, .fallback = 1, .min = 1, .max = REPEAT_MAX),
    KEY("every", TIME, EVERY),
    KEY("after", TEXT, AFTER),
    LATER_KEY("sends"),
    LATER_KEY("effects"),
};

static const motet_key play_stems_keys[] = {
    OWN_KEY("play_stems", NAMES),
    AT_KEY,
    KEY("as", NAMES, AS),
    KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("pan", NUMBER, PAN),
    KEY_WITH("pitch", POSITIVE, PITCH, .fallback = 1),
    KEY("loop", FLAG, LOOP),
    KEY("loop_start", POSITION, LOOP_START),
    KEY("loop_end", POSITION, LOOP_END),
    KEY_WITH("loop_count", WHOLE, LOOP_COUNT, .max = COUNT_MAX),
    KEY_WITH("loop_crossfade", TIME, LOOP_CROSSFADE, .max = DAY_SECONDS),
    KEY("loop_whole", FLAG, LOOP_WHOLE),
    KEY("from", POSITION, FROM),
    KEY("bus", TEXT, BUS),
    KEY("priority", NUMBER, PRIORITY),
    KEY_WITH("quality", CHOICE, QUALITY, .choices = qualities, .choices_now = 5),
    KEY("paused", FLAG, PAUSED),
    FADE_KEY,
    CURVE_KEY,
};

static const motet_key set_keys[] = {
    OWN_KEY("set", TEXT),
    AT_KEY,
    KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("pan", NUMBER, PAN),
    KEY_WITH("pitch", POSITIVE, PITCH, .fallback = 1),
    KEY("loop", FLAG, LOOP),
    KEY("loop_start", POSITION, LOOP_START),
    KEY("loop_end", POSITION, LOOP_END),
    KEY("bus", TEXT, BUS),
    FADE_KEY,
    CURVE_KEY,
    KEY("position", ANY, POSITION),
    KEY("velocity", ANY, VELOCITY),
};

static const motet_key pause_keys[] = {OWN_KEY("pause", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key resume_keys[] = {OWN_KEY("resume", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key stop_keys[] = {OWN_KEY("stop", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key stop_sound_keys[] = {OWN_KEY("stop_sound", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key pause_bus_keys[] = {OWN_KEY("pause_bus", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key resume_bus_keys[] = {OWN_KEY("resume_bus", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key stop_bus_keys[] = {OWN_KEY("stop_bus", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};
static const motet_key seek_keys[] = {
    OWN_KEY("seek", TEXT), AT_KEY, KEY_WITH("to", POSITION, TO, .required = true), FADE_KEY, CURVE_KEY,
};

static const motet_key open_keys[] = {
    OWN_KEY("open", TEXT),
    AT_KEY,
    KEY_WITH("rate", WHOLE, RATE, .fallback = 44100, .min = 1, .max = SOUND_RATE_MAX),
    KEY_WITH("channels", WHOLE, CHANNELS, .fallback = 2, .min = 1, .max = 8),
    KEY_WITH("format", CHOICE, FORMAT, .choices = pcm_formats, .choices_now = 2),
    KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("pan", NUMBER, PAN),
    KEY_WITH("pitch", POSITIVE, PITCH, .fallback = 1),
    KEY("bus", TEXT, BUS),
    KEY_WITH("buffer", TIME, BUFFER, .max = FEED_SECONDS_MAX),
    KEY_WITH("start_after", TIME, START_AFTER, .max = FEED_SECONDS_MAX),
    KEY("priority", NUMBER, PRIORITY),
    KEY_WITH("quality", CHOICE, QUALITY, .choices = qualities, .choices_now = 5),
    KEY("paused", FLAG, PAUSED),
    FADE_KEY,
    CURVE_KEY,
};

static const motet_key feed_keys[] = {
    OWN_KEY("feed", TEXT),
    AT_KEY,
    KEY("file", TEXT, FILE),
    KEY("base64", NOTE, BASE64),
};

static const motet_key finish_keys[] = {OWN_KEY("finish", TEXT), AT_KEY};

static const motet_key set_bus_keys[] = {
    OWN_KEY("set_bus", TEXT), AT_KEY,   KEY("volume_db", NUMBER, VOLUME_DB), KEY("mute", FLAG, MUTE),
    KEY("solo", FLAG, SOLO),  FADE_KEY, KEY("parent", TEXT, PARENT),         CURVE_KEY,
};

static const motet_key effect_keys[] = {
    OWN_KEY("effect", TEXT),
    KEY_WITH("on", TEXT, ON, .required = true),
    KEY_WITH("type", TEXT, TYPE, .required = true),
    KEY("key", TEXT, KEY),
};
static const motet_key set_effect_keys[] = {OWN_KEY("set_effect", TEXT), AT_KEY, FADE_KEY, CURVE_KEY};

static const motet_key send_keys[] = {
    OWN_KEY("send", TEXT),
    KEY_WITH("to", TEXT, TO, .required = true),
    KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("pre", FLAG, PRE),
};
static const motet_key set_send_keys[] = {
    OWN_KEY("set_send", TEXT),
    AT_KEY,
    KEY_WITH("to", TEXT, TO, .required = true),
    KEY_WITH("volume_db", NUMBER, VOLUME_DB, .required = true),
    KEY("pre", FLAG, PRE),
    FADE_KEY,
    CURVE_KEY,
};

static const motet_key expect_keys[] = {OWN_KEY("expect", OBJECT), AT_KEY};
static const motet_key expected_keys[] = {
    KEY("bus", TEXT, BUS),           KEY("peak_db", RANGE, PEAK_DB),
    KEY("voices", COUNTS, VOICES),   KEY_WITH("clicks", WHOLE, CLICKS, .max = WHOLE_MAX),
    KEY("markers", COUNTS, MARKERS),
};

static const motet_key note_keys[] = {OWN_KEY("note", NOTE), AT_KEY};
static const motet_key end_keys[] = {OWN_KEY("end", FLAG), AT_KEY};

static const motet_key bus_keys[] = {
    OWN_KEY("bus", TEXT),    KEY("parent", TEXT, PARENT), KEY("volume_db", NUMBER, VOLUME_DB),
    KEY("mute", FLAG, MUTE), KEY("solo", FLAG, SOLO),     KEY("paused", FLAG, PAUSED),
};

static const motet_key sound_keys[] = {
    OWN_KEY("sound", TEXT),
    KEY("file", TEXT, FILE),
    KEY("stream", FLAG, STREAM),
    KEY("async", FLAG, ASYNC),
    KEY_WITH("convert", FLAG, CONVERT, .fallback = 1),
    KEY_WITH("store", CHOICE, STORE, .choices = stores, .choices_now = 3),
    KEY("sine", OBJECT, SINE),
    KEY("noise", OBJECT, NOISE),
    KEY("constant", OBJECT, CONSTANT),
    KEY("ramp", OBJECT, RAMP),
    KEY("impulse", OBJECT, IMPULSE),
    KEY("pcm", OBJECT, PCM),
    KEY_WITH("channels", WHOLE, CHANNELS, .fallback = 1, .min = 1, .max = 2),
    KEY_WITH("rate", WHOLE, RATE, .min = 1, .max = SOUND_RATE_MAX),
    KEY("variations", NAMES, VARIATIONS),
    KEY("weights", WEIGHTS, WEIGHTS),
    KEY_WITH("volume_jitter_db", NUMBER, VOLUME_JITTER_DB, .max = JITTER_MAX),
    KEY_WITH("pitch_jitter_semitones", NUMBER, PITCH_JITTER_SEMITONES, .max = JITTER_MAX),
    KEY_WITH("max_voices", WHOLE, MAX_VOICES, .max = COUNT_MAX),
    KEY_WITH("min_interval", TIME, MIN_INTERVAL, .max = INTERVAL_SECONDS_MAX),
    KEY_WITH("yield", CHOICE, YIELD, .choices = yields, .choices_now = 3),
    KEY("markers", OBJECTS, MARKERS),
};

#define SECONDS_KEY KEY_WITH("seconds", NUMBER, SECONDS, .required = true, .max = WHOLE_MAX)
#define SIGNAL_CHANNELS_KEY KEY_WITH("channels", WHOLE, CHANNELS, .fallback = 1, .min = 1, .max = 2)
#define SIGNAL_RATE_KEY KEY_WITH("rate", WHOLE, RATE, .min = 1, .max = SOUND_RATE_MAX)
#define SIGNAL_KEYS SECONDS_KEY, SIGNAL_CHANNELS_KEY, SIGNAL_RATE_KEY

#define LEVEL_KEY(key, place) KEY_WITH(key, NUMBER, place, .required = true, .min = -LEVEL_MAX, .max = LEVEL_MAX)

static const motet_key sine_keys[] = {
    KEY_WITH("hz", POSITIVE, HZ, .required = true, .max = HZ_MAX),
    LEVEL_KEY("amplitude", AMPLITUDE),
    SIGNAL_KEYS,
};
static const motet_key noise_keys[] = {
    LEVEL_KEY("amplitude", AMPLITUDE),
    KEY_WITH("seed", WHOLE, SEED, .max = SEED_MAX),
    SIGNAL_KEYS,
};
static const motet_key constant_keys[] = {
    LEVEL_KEY("value", AMPLITUDE),
    SIGNAL_KEYS,
};
static const motet_key ramp_keys[] = {
    LEVEL_KEY("from", FROM),
    LEVEL_KEY("to", TO),
    SIGNAL_KEYS,
};
static const motet_key impulse_keys[] = {
    KEY("at", POSITION, AT),
    LEVEL_KEY("value", AMPLITUDE),
    SIGNAL_KEYS,
};
static const motet_key pcm_keys[] = {
    KEY_WITH("file", TEXT, FILE, .required = true),
    KEY_WITH("format", CHOICE, FORMAT, .required = true, .choices = pcm_formats, .choices_now = 2),
    KEY_WITH("channels", WHOLE, CHANNELS, .required = true, .min = 1, .max = 8),
    KEY_WITH("rate", WHOLE, RATE, .required = true, .min = 1, .max = SOUND_RATE_MAX),
};

static const motet_key marker_keys[] = {
    KEY_WITH("at", POSITION, AT, .required = true),
    KEY("name", NOTE, AS),
};

#define ROWS(table) .keys = (table), .count = sizeof(table) / sizeof *(table)

const motet_keys motet_verb_keys[MOTET_VERB_COUNT] = {
    [MOTET_VERB_HEADER] = {.name = "motet", ROWS(header_keys)},
    [MOTET_VERB_PLAY] = {.name = "play", ROWS(play_keys), .command = true},
    [MOTET_VERB_PLAY_STEMS] = {.name = "play_stems", ROWS(play_stems_keys), .command = true},
    [MOTET_VERB_SET] = {.name = "set", ROWS(set_keys), .command = true},
    [MOTET_VERB_PAUSE] = {.name = "pause", ROWS(pause_keys), .command = true},
    [MOTET_VERB_RESUME] = {.name = "resume", ROWS(resume_keys), .command = true},
    [MOTET_VERB_SEEK] = {.name = "seek", ROWS(seek_keys), .command = true},
    [MOTET_VERB_STOP] = {.name = "stop", ROWS(stop_keys), .command = true},
    [MOTET_VERB_OPEN] = {.name = "open", ROWS(open_keys), .command = true},
    [MOTET_VERB_FEED] = {.name = "feed", ROWS(feed_keys), .command = true},
    [MOTET_VERB_FINISH] = {.name = "finish", ROWS(finish_keys), .command = true},
    [MOTET_VERB_SET_BUS] = {.name = "set_bus", ROWS(set_bus_keys), .command = true},
    [MOTET_VERB_PAUSE_BUS] = {.name = "pause_bus", ROWS(pause_bus_keys), .command = true},
    [MOTET_VERB_RESUME_BUS] = {.name = "resume_bus", ROWS(resume_bus_keys), .command = true},
    [MOTET_VERB_STOP_BUS] = {.name = "stop_bus", ROWS(stop_bus_keys), .command = true},
    [MOTET_VERB_STOP_SOUND] = {.name = "stop_sound", ROWS(stop_sound_keys), .command = true},
    [MOTET_VERB_SET_EFFECT] = {.name = "set_effect", ROWS(set_effect_keys), .command = true, .open = true},
    [MOTET_VERB_SET_SEND] = {.name = "set_send", ROWS(set_send_keys), .command = true},
    [MOTET_VERB_SET_SNAPSHOT] = {.name = "set_snapshot", .later = true, .command = true},
    [MOTET_VERB_SET_LISTENER] = {.name = "set_listener", .later = true, .command = true},
    [MOTET_VERB_NOTE] = {.name = "note", ROWS(note_keys), .command = true},
    [MOTET_VERB_EXPECT] = {.name = "expect", ROWS(expect_keys), .command = true},
    [MOTET_VERB_END] = {.name = "end", ROWS(end_keys), .command = true},
    [MOTET_VERB_SOUND] = {.name = "sound", ROWS(sound_keys)},
    [MOTET_VERB_EFFECT] = {.name = "effect", ROWS(effect_keys), .open = true},
    [MOTET_VERB_SEND] = {.name = "send", ROWS(send_keys)},
    [MOTET_VERB_DUCK] = {.name = "duck", .later = true},
    [MOTET_VERB_SNAPSHOT] = {.name = "snapshot", .later = true},
    [MOTET_VERB_LISTENER] = {.name = "listener", .later = true},
    [MOTET_VERB_BUS] = {.name = "bus", ROWS(bus_keys)},
};

const motet_keys motet_sine_keys = {.name = "sine", ROWS(sine_keys)};
const motet_keys motet_noise_keys = {.name = "noise", ROWS(noise_keys)};
const motet_keys motet_constant_keys = {.name = "constant", ROWS(constant_keys)};
const motet_keys motet_ramp_keys = {.name = "ramp", ROWS(ramp_keys)};
const motet_keys motet_impulse_keys = {.name = "impulse", ROWS(impulse_keys)};
const motet_keys motet_pcm_keys = {.name = "pcm", ROWS(pcm_keys)};
const motet_keys motet_marker_keys = {.name = "markers", ROWS(marker_keys)};
const motet_keys motet_expect_keys = {.name = "expect", ROWS(expected_keys)};
