#include "engine/output_clock.h"

#include "engine/output_time.h"
#include "engine/render.h"

/* Rendered at most on one wake-up, so that a large debt does not turn into one long burst at real-time priority. */
enum { MOST_BLOCKS = 8 };
/* A loss is noticed within about 1 s and 8 periods (output.c), the failure of a device to begin within 2 s: debts up to
 * there are paid. */
#define MOST_DEBT_NS UINT64_C(3000000000)
#define NEVER_NS UINT64_C(3600000000000)
#define SHORTEST_REST_NS UINT64_C(500000)

/* Renders the block that was due at `due_ns`; false when the engine is somebody else's now. */
static bool render_block(motet_null_clock *clock, uint32_t epoch, uint64_t due_ns)
{
    uint64_t begun_ns = motet_monotonic_ns();
    if (!motet_render_claim(clock->engine, epoch)) {
        return false;
    }
    motet_render_f32(clock->engine, clock->block, clock->period_frames, due_ns, 0);
    motet_render_release(clock->engine, epoch);
    motet_load_measure(&clock->load, begun_ns, clock->period_frames, clock->sample_rate_hz);
    return true;
}

/* Moves the grid on by whole blocks when the debt is too large to be paid. Returns the debt that is left. */
static uint64_t forgive(motet_null_clock *clock, uint32_t epoch, uint64_t debt_ns, uint64_t period_ns)
{
    if (debt_ns <= MOST_DEBT_NS + MOST_BLOCKS * period_ns) {
        return debt_ns;
    }
    uint64_t blocks = debt_ns / period_ns;
    motet_mutex_lock(&clock->mutex);
    if (clock->epoch == epoch) {
        clock->anchor_ns += blocks * period_ns;
        motet_count_u64(&clock->blocks_missed, blocks);
    }
    motet_mutex_unlock(&clock->mutex);
    return debt_ns - blocks * period_ns;
}

/* Renders what is due; returns for how long there is nothing to do. */
static uint64_t work(motet_null_clock *clock)
{
    motet_mutex_lock(&clock->mutex);
    uint32_t epoch = clock->epoch;
    uint64_t anchor_frame = clock->anchor_frame, anchor_ns = clock->anchor_ns;
    motet_mutex_unlock(&clock->mutex);
    if (epoch == 0) {
        return NEVER_NS;
    }

    uint64_t period_ns = motet_frames_to_ns(clock->period_frames, clock->sample_rate_hz);
    uint64_t now = motet_monotonic_ns();
    uint64_t due =
        anchor_ns + motet_frames_to_ns(motet_render_frame(clock->engine) - anchor_frame, clock->sample_rate_hz);
    if (now >= due) {
        due = now - forgive(clock, epoch, now - due, period_ns);
    }
    for (int i = 0; i < MOST_BLOCKS && due <= now; i++) {
        if (!render_block(clock, epoch, due)) {
            return SHORTEST_REST_NS; /* the order to rest is on its way */
        }
        due += period_ns;
    }
    now = motet_monotonic_ns();
    uint64_t rest = period_ns / 4;
    if (due > now) {
        rest = due - now;
    }
    return rest > SHORTEST_REST_NS ? rest : SHORTEST_REST_NS;
}

static void *clock_thread(void *user)
{
    motet_null_clock *clock = user;
    motet_thread_prefer_realtime();
    while (motet_load_acquire_u32(&clock->stopping) == 0) {
        motet_signal_flag_wait(&clock->wake, work(clock));
    }
    return NULL;
}

bool motet_null_clock_create(motet_null_clock *clock, motet_engine *engine, motet_heap *heap, uint32_t sample_rate_hz,
                             uint32_t channels, uint32_t period_frames)
{
    *clock = (motet_null_clock){.engine = engine,
                                .heap = heap,
                                .sample_rate_hz = sample_rate_hz,
                                .period_frames = period_frames,
                                .block_bytes = (size_t)period_frames * channels * sizeof(float)};
    clock->block = motet_heap_take(heap, clock->block_bytes, MOTET_CACHE_LINE);
    if (clock->block == NULL) {
        return false;
    }
    if (motet_mutex_init(&clock->mutex)) {
        if (motet_signal_flag_init(&clock->wake)) {
            if (motet_thread_start(&clock->thread, "motet-clock", clock_thread, clock)) {
                return true;
            }
            motet_signal_flag_destroy(&clock->wake);
        }
        motet_mutex_destroy(&clock->mutex);
    }
    motet_heap_give(heap, clock->block, clock->block_bytes);
    return false;
}

void motet_null_clock_destroy(motet_null_clock *clock)
{
    motet_store_release_u32(&clock->stopping, 1);
    motet_signal_flag_raise(&clock->wake);
    motet_thread_join(&clock->thread);
    motet_signal_flag_destroy(&clock->wake);
    motet_mutex_destroy(&clock->mutex);
    motet_null_clock_forget(clock);
}

void motet_null_clock_forget(motet_null_clock *clock)
{
    motet_heap_give(clock->heap, clock->block, clock->block_bytes);
}

static void set_anchor(motet_null_clock *clock, uint32_t epoch, uint64_t frame, uint64_t due_ns)
{
    motet_mutex_lock(&clock->mutex);
    clock->epoch = epoch;
    clock->anchor_frame = frame;
    clock->anchor_ns = due_ns;
    motet_mutex_unlock(&clock->mutex);
    motet_signal_flag_raise(&clock->wake);
}

void motet_null_clock_run(motet_null_clock *clock, uint32_t epoch, uint64_t frame, uint64_t due_ns)
{
    set_anchor(clock, epoch, frame, due_ns);
}

void motet_null_clock_rest(motet_null_clock *clock)
{
    set_anchor(clock, 0, 0, 0);
}
