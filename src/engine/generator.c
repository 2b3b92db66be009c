#include "engine/generator.h"

#include "base/fpu.h"
#include "dsp/convert.h"
#include "engine/engine.h"
#include "engine/feed_ring.h"
#include "engine/feed_thread.h"
#include "engine/source.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* Asked for at once on the audio thread; the public header says so. */
    PIECE_FRAMES = MOTET_GENERATOR_FRAMES,
    /* The most that is asked for at once on a thread, otherwise a quarter of its buffer; the header says so. */
    MOST_PIECE_FRAMES = 1024,
    /* Frames that lie in the ring before those still needed are moved to its front: so most of it, which is there for
     * the highest pitch, is never touched. */
    MOVE_AFTER_FRAMES = 4096,
    MOST_RATE_RATIO = 16
};

motet_generator_def motet_default_generator_def(void)
{
    return (motet_generator_def){.channels = 2, .buffer_seconds = 0.1, .voice = {.pitch = 1}};
}

/* ---------------------------------------------------------------------------------------------------- Opening */

static bool complete_def(motet_engine *engine, motet_generator_def *def)
{
    uint32_t engine_rate = engine->def.sample_rate_hz;
    def->sample_rate_hz = def->sample_rate_hz == 0 ? engine_rate : def->sample_rate_hz;
    def->channels = def->channels == 0 ? 2 : def->channels;
    if (def->generate == NULL) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "generate is NULL");
        return false;
    }
    if (!motet_check_number(engine, def->buffer_seconds, "buffer_seconds")) {
        return false;
    }
    def->buffer_seconds = def->buffer_seconds == 0 ? 0.1 : motet_clamp(def->buffer_seconds, 0.01, 10);
    if (def->sample_rate_hz > MOTET_MAX_SAMPLE_RATE_HZ || def->channels > MOTET_MAX_CHANNELS) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID,
                   "a generator of %u Hz and %u channels; expected at most %d and %d", def->sample_rate_hz,
                   def->channels, MOTET_MAX_SAMPLE_RATE_HZ, MOTET_MAX_CHANNELS);
        return false;
    }
    if (!def->may_block && def->sample_rate_hz / MOST_RATE_RATIO > engine_rate) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID,
                   "a generator of %u Hz in an engine of %u Hz; expected at most %d times as much", def->sample_rate_hz,
                   engine_rate, MOST_RATE_RATIO);
        return false;
    }
    if (def->voice.loop || def->voice.from_frame != 0) {
        motet_fail(&engine->log, MOTET_ERROR_INVALID, "a generated voice cannot %s",
                   def->voice.loop ? "loop" : "start inside its material");
        return false;
    }
    return true;
}

/* What a block reads at the highest pitch, and one step more, which a position may lie behind what was made. */
static uint32_t most_frames(const motet_engine *engine, const motet_generator_def *def)
{
    double step = ceil(MOTET_PITCH_MAX * def->sample_rate_hz / engine->def.sample_rate_hz);
    return (uint32_t)step * (MOTET_BLOCK_FRAMES + 1) + MOVE_AFTER_FRAMES + MOTET_FEED_HISTORY_FRAMES + PIECE_FRAMES;
}

static motet_feed *create_on_audio_thread(motet_engine *engine, const motet_generator_def *def)
{
    motet_feed_shape shape = {
        .sample_rate_hz = def->sample_rate_hz, .channels = def->channels, .buffer_frames = most_frames(engine, def)};
    motet_generator *generator = motet_heap_take(&engine->heap, sizeof *generator, _Alignof(motet_generator));
    motet_feed *feed = generator != NULL ? motet_feed_create(&engine->heap, &shape) : NULL;
    if (feed == NULL) {
        motet_heap_give(&engine->heap, generator, sizeof *generator);
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a generator");
        return NULL;
    }
    *generator = (motet_generator){def->generate, def->close, def->user};
    feed->generator = generator;
    return feed;
}

/* ------------------------------------------------------------------------------------------------- On a thread */

/* Not from the engine's heap: as the thread that has it. */
typedef struct threaded_generator {
    motet_generator generator;
    uint32_t channels;
} threaded_generator;

static motet_fill_result fill_by_generator(void *user, float *interleaved, uint32_t frame_count, uint32_t *filled,
                                           uint32_t *bad)
{
    const threaded_generator *it = user;
    motet_fpu_state fpu = motet_fpu_enter(); /* so that it makes the same frames as on the audio thread */
    uint32_t made = it->generator.generate(it->generator.user, interleaved, frame_count);
    motet_fpu_leave(fpu);
    made = made < frame_count ? made : frame_count;
    size_t samples = (size_t)made * it->channels;
    if (motet_clean_f32(interleaved, samples) > 0) {
        memset(interleaved, 0, samples * sizeof *interleaved);
        *bad = made;
    }
    *filled = made;
    return made < frame_count ? MOTET_FILL_ENDED : MOTET_FILL_MORE;
}

static void close_threaded(void *user)
{
    threaded_generator *it = user;
    if (it->generator.close != NULL) {
        it->generator.close(it->generator.user);
    }
    free(it);
}

static motet_feed *create_on_thread(motet_engine *engine, const motet_generator_def *def, threaded_generator **threaded)
{
    uint32_t buffer = (uint32_t)floor(def->buffer_seconds * def->sample_rate_hz + 0.5);
    uint32_t quarter = buffer / 4 > 0 ? buffer / 4 : 1;
    uint32_t piece = quarter < MOST_PIECE_FRAMES ? quarter : MOST_PIECE_FRAMES;
    motet_feed_shape shape = {.sample_rate_hz = def->sample_rate_hz,
                              .channels = def->channels,
                              .buffer_frames = buffer,
                              .spare_frames = piece};
    threaded_generator *it = malloc(sizeof *it);
    motet_feed *feed = it != NULL ? motet_feed_create(&engine->heap, &shape) : NULL;
    if (feed == NULL) {
        free(it);
        motet_fail(&engine->log, MOTET_ERROR_MEMORY, "out of memory for a generator of %g s", def->buffer_seconds);
        return NULL;
    }
    *it = (threaded_generator){{def->generate, def->close, def->user}, def->channels};
    motet_feed_filler filler = {.fill = fill_by_generator,
                                .close = close_threaded,
                                .user = it,
                                .thread_name = "motet-generator",
                                .piece_frames = piece};
    if (!motet_feed_thread_create(engine, feed, &filler)) {
        motet_feed_free(engine, feed);
        free(it);
        return NULL;
    }
    *threaded = it;
    return feed;
}

/* --------------------------------------------------------------------------------------------------- Life */

/* Under the lock: a generator on a thread has got its voice. */
static void begin_thread(motet_engine *engine, motet_feed *feed, motet_voice voice)
{
    uint32_t generation;
    motet_id_split(engine, voice.id, &feed->voice, &generation);
    feed->next_awaited = engine->awaited_feeds;
    engine->awaited_feeds = feed;
    motet_feed_thread_begin(feed->thread);
}

motet_voice motet_generator_open(motet_engine *engine, const motet_generator_def *given)
{
    motet_voice voice = {0};
    motet_generator_def def = given != NULL ? *given : motet_default_generator_def();
    threaded_generator *threaded = NULL;
    motet_result result;
    if (!motet_engine_enter(engine, &result)) {
        return voice;
    }
    motet_engine_leave(engine); /* the buffer is made outside the lock */
    if (!complete_def(engine, &def) || motet_voice_check(engine, &def.voice) != MOTET_OK) {
        return voice;
    }
    motet_feed *feed = def.may_block ? create_on_thread(engine, &def, &threaded) : create_on_audio_thread(engine, &def);
    if (feed == NULL) {
        return voice;
    }
    if (motet_engine_enter(engine, &result)) {
        voice = motet_voice_begin(engine, NULL, (motet_sound){0}, NULL, feed, &def.voice);
        if (voice.id != 0 && def.may_block) {
            begin_thread(engine, feed, voice);
        }
        motet_command_publish(engine);
        motet_engine_leave(engine);
    }
    if (voice.id == 0) { /* nothing has been called, and nothing is to be closed */
        if (feed->generator != NULL) {
            feed->generator->close = NULL;
        }
        motet_feed_free(engine, feed);
        free(threaded);
    }
    return voice;
}

void motet_generator_close(motet_engine *engine, motet_feed *feed)
{
    motet_generator *generator = feed->generator;
    if (generator == NULL) {
        return;
    }
    if (generator->close != NULL && engine->fork_count == motet_fork_count()) {
        generator->close(generator->user);
    }
    motet_heap_give(&engine->heap, generator, sizeof *generator);
}

void motet_generator_let_go(motet_engine *engine, motet_feed *feed)
{
    motet_feed **link = &engine->awaited_feeds;
    while (*link != NULL && *link != feed) {
        link = &(*link)->next_awaited;
    }
    if (*link != NULL) {
        *link = feed->next_awaited;
    }
}

/* ------------------------------------------------------------------------------------------- On the audio thread */

void motet_generator_make_room(motet_feed *feed) MOTET_NONBLOCKING
{
    uint64_t written = feed->available;
    if (written - feed->base < MOVE_AFTER_FRAMES) {
        return;
    }
    uint64_t played = motet_load_relaxed_u64(&feed->played);
    uint64_t needed = played > MOTET_FEED_HISTORY_FRAMES ? played - MOTET_FEED_HISTORY_FRAMES : 0;
    needed = needed < written ? needed : written;
    size_t channels = feed->channels;
    memmove(feed->samples, feed->samples + (size_t)(needed - feed->base) * channels,
            (size_t)(written - needed) * channels * sizeof *feed->samples);
    feed->base = needed;
}

/* The program's code, which the public header binds by its rule, and the compiler cannot see. */
#if defined(__clang__) && __clang_major__ >= 20
#    pragma clang diagnostic push
#    pragma clang diagnostic ignored "-Wfunction-effects"
#endif
static uint32_t generate(const motet_generator *it, float *piece) MOTET_NONBLOCKING
{
    uint32_t made = it->generate(it->user, piece, PIECE_FRAMES);
    (void)motet_fpu_enter(); /* whatever it has done to the rounding mode */
    return made < PIECE_FRAMES ? made : PIECE_FRAMES;
}
#if defined(__clang__) && __clang_major__ >= 20
#    pragma clang diagnostic pop
#endif

/* False when the piece held NaN or infinity. */
static bool make_piece(motet_feed *feed) MOTET_NONBLOCKING
{
    float wide[PIECE_FRAMES * MOTET_MAX_CHANNELS];
    float *to = feed->samples + (size_t)(feed->available - feed->base) * feed->channels;
    bool folds = feed->written_channels > 2;
    float *piece = folds ? wide : to;
    memset(piece, 0, (size_t)PIECE_FRAMES * feed->written_channels * sizeof *piece);
    uint32_t made = generate(feed->generator, piece);
    size_t samples = (size_t)made * feed->written_channels;
    bool finite = motet_clean_f32(piece, samples) == 0;
    if (!finite) {
        memset(piece, 0, samples * sizeof *piece);
        motet_count_u64(&feed->bad, made);
    }
    if (folds) {
        motet_fold_to_stereo(to, piece, feed->written_channels, made);
    }
    feed->available += made;
    motet_store_release_u64(&feed->written, feed->available);
    if (made < PIECE_FRAMES) {
        feed->complete = true;
        motet_store_release_u32(&feed->finished, 1);
    }
    return finite;
}

uint64_t motet_generator_reach(motet_feed *feed, uint64_t frame) MOTET_NONBLOCKING
{
    uint64_t first_bad = UINT64_MAX;
    while (feed->available < frame && !feed->complete) {
        uint64_t from = feed->available;
        bool has_room = from - feed->base + PIECE_FRAMES <= feed->capacity;
        assert(has_room);
        if (!has_room) {
            break;
        }
        if (!make_piece(feed) && first_bad == UINT64_MAX) {
            first_bad = from;
        }
    }
    return first_bad;
}

void motet_generator_note_bad(motet_feed *feed, uint64_t engine_frame) MOTET_NONBLOCKING
{
    if (feed->bad_frame == 0) {
        feed->bad_frame = engine_frame + 1;
    }
}

void motet_generator_tell_bad(motet_engine *engine, motet_slot *voice) MOTET_NONBLOCKING
{
    motet_feed *feed = voice->feed;
    if (feed == NULL || motet_load_relaxed_u64(&feed->bad) == feed->bad_told) {
        return;
    }
    uint64_t bad = motet_load_relaxed_u64(&feed->bad);
    motet_event event = {.type = MOTET_EVENT_NON_FINITE,
                         .frame = feed->bad_frame > 0 ? feed->bad_frame - 1 : voice->now,
                         .voice = {motet_id_make(engine, voice->place.index, voice->generation)},
                         .user = voice->user,
                         .count = (uint32_t)(bad - feed->bad_told)};
    motet_count_u64(&engine->counters.non_finite_frames, event.count);
    motet_event_stage(engine, &event);
    feed->bad_told = bad;
    feed->bad_frame = 0;
}

/* -------------------------------------------------------------------------------------------- Rendering by hand */

/* What waits for the audio thread, which this is. */
static const motet_command *waiting_command(const motet_engine *engine, uint32_t at)
{
    uint32_t index;
    if (at < engine->schedule.count) {
        index = engine->schedule.heap[at];
    } else if (at - engine->schedule.count < motet_ring_count(&engine->commands.inbox)) {
        motet_ring_peek(&engine->commands.inbox, at - engine->schedule.count, &index);
    } else {
        return NULL;
    }
    return &engine->commands.commands[index];
}

/* The highest pitch that a voice may come to by the commands that are due now; 0 where there is none that is for it. */
static double highest_due_pitch(const motet_engine *engine, const motet_feed *feed, const motet_slot *slot)
{
    double highest = 0;
    const motet_command *command;
    for (uint32_t i = 0; (command = waiting_command(engine, i)) != NULL; i++) {
        if (command->target != feed->voice || command->frame > engine->now ||
            command->kind > MOTET_COMMAND_SET_LOOP_RANGE) {
            continue;
        }
        double pitch = MOTET_PITCH_MIN;
        switch ((motet_command_kind)command->kind) {
        case MOTET_COMMAND_PLAY: pitch = engine->voices[feed->voice].start.pitch; break;
        case MOTET_COMMAND_SET_PITCH: pitch = command->value.number; break;
        case MOTET_COMMAND_SET_VALUES: pitch = command->value.values.pitch; break;
        default: break;
        }
        /* One glide upon another may be carried beyond both their ends. */
        bool is_gliding = slot->feed == feed && !motet_ramp_done(&slot->pitch, engine->now);
        pitch = is_gliding && pitch != MOTET_PITCH_MIN ? MOTET_PITCH_MAX : pitch;
        highest = pitch > highest ? pitch : highest;
    }
    return highest;
}

/* For how many frames, at most `frame_count`, a whole buffer is enough; up to which one of its own it will read for so
 * many is left in `awaited_frame`. */
static uint32_t plan_frames(const motet_engine *engine, motet_feed *feed, uint32_t frame_count)
{
    const motet_slot *slot = &engine->slots.slots[feed->voice];
    bool has_come = slot->feed == feed && slot->phase != MOTET_SLOT_FREE;
    bool sounds = has_come && slot->phase == MOTET_SLOT_PLAYING && !slot->held;
    double pitch = highest_due_pitch(engine, feed, slot);
    feed->awaited_frame = 0;
    if ((!sounds && pitch == 0) || (has_come && slot->phase == MOTET_SLOT_ENDED)) {
        return frame_count;
    }
    motet_slot copy = {.feed = feed, .quality = engine->voices[feed->voice].start.quality, .channels = feed->channels};
    if (has_come) {
        copy = *slot;
        double own = motet_source_highest_pitch(slot);
        pitch = own > pitch ? own : pitch;
    }
    uint32_t needed = motet_source_needed(engine, &copy, pitch);
    uint64_t step = motet_source_step(pitch, feed->sample_rate_hz, engine->def.sample_rate_hz);
    uint64_t steps = ((uint64_t)(feed->buffer_frames - needed) << 32) / step;
    uint32_t frames = steps + 1 < frame_count ? (uint32_t)steps + 1 : frame_count;
    feed->awaited_frame = copy.position + ((((uint64_t)frames - 1) * step + copy.fraction) >> 32) + needed;
    return frames;
}

uint32_t motet_generators_await(motet_engine *engine, uint32_t frame_count)
{
    motet_mutex_lock(&engine->lock);
    motet_feed *first = engine->awaited_feeds;
    for (motet_feed *feed = first; feed != NULL; feed = feed->next_awaited) {
        frame_count = plan_frames(engine, feed, frame_count);
    }
    motet_mutex_unlock(&engine->lock);
    /* No feed can go meanwhile: its voice would have to be rendered to its end. */
    for (motet_feed *feed = first; feed != NULL; feed = feed->next_awaited) {
        motet_feed_thread_await(feed->thread, feed->awaited_frame);
    }
    return frame_count;
}
