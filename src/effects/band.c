#include "effects/band.h"

#include <string.h>

/* States are settled at multiples of it, and a piece of a run does not cross one. */
enum { GRID_FRAMES = 64 };

void motet_band_reset(motet_band *band) MOTET_NONBLOCKING
{
    *band = (motet_band){.started = false};
}

static double number_at(const motet_band_number *number, uint32_t k) MOTET_NONBLOCKING
{
    return (number->moving != NULL ? (double)number->moving[k] : number->value) * number->factor;
}

/* What takes long is done again only for a number that is another one. */
static motet_svf_shape shape_at(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz,
                                uint32_t k) MOTET_NONBLOCKING
{
    double cutoff_hz = number_at(&plan->cutoff_hz, k);
    double gain_db = number_at(&plan->gain_db, k);
    if (cutoff_hz != band->cutoff_hz || !band->started) {
        band->cutoff_hz = cutoff_hz;
        band->tangent = motet_svf_tangent(cutoff_hz, (double)sample_rate_hz);
    }
    if (gain_db != band->gain_db || !band->started) {
        band->gain_db = gain_db;
        band->amplitude = motet_svf_amplitude(gain_db);
    }
    band->q = number_at(&plan->q, k);
    return motet_svf_shape_of((motet_svf_type)band->type, band->tangent, band->q, band->amplitude);
}

static motet_svf_shape as_through(motet_svf_shape shape) MOTET_NONBLOCKING
{
    shape.m0 = 1;
    shape.m1 = 0;
    shape.m2 = 0;
    return shape;
}

/* From the shape that sounds now, which a change under way may have made. */
static void change_type(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz,
                        uint32_t k) MOTET_NONBLOCKING
{
    bool was_off = band->type == MOTET_SVF_OFF && band->fade_at == band->fade_frames;
    bool was_started = band->started;
    band->type = plan->type;
    band->variant = plan->variant;
    if (!was_started) {
        band->shape = shape_at(band, plan, sample_rate_hz, k);
        band->started = true;
        return;
    }
    band->from = was_off ? as_through(shape_at(band, plan, sample_rate_hz, k)) : band->shape;
    band->fade_at = 0;
    band->fade_frames = sample_rate_hz / 100 > 0 ? sample_rate_hz / 100 : 1;
}

/* A band that goes off keeps its poles. */
static motet_svf_shape next_shape(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz,
                                  uint32_t k) MOTET_NONBLOCKING
{
    motet_svf_shape shape = shape_at(band, plan, sample_rate_hz, k);
    if (band->fade_at < band->fade_frames) {
        if (band->type == MOTET_SVF_OFF) {
            shape = as_through(band->from);
        }
        band->fade_at++;
        double t = (double)band->fade_at / band->fade_frames;
        shape = motet_svf_mixed(&band->from, &shape, t * t * (3 - 2 * t));
    }
    return shape;
}

static void run_steady(motet_band *band, float *left, float *right, uint32_t count) MOTET_NONBLOCKING
{
    motet_svf_state state = band->state;
    const motet_svf filter = band->steady;
    for (uint32_t k = 0; k < count; k++) {
        motet_pair y = motet_svf_step(&filter, &state, motet_pair_load(left, right, k));
        motet_pair_store(left, right, k, motet_pair_settled(y));
    }
    band->state = state;
}

static void run_moving(motet_band *band, const motet_svf *filters, float *left, float *right,
                       uint32_t count) MOTET_NONBLOCKING
{
    motet_svf_state state = band->state;
    for (uint32_t k = 0; k < count; k++) {
        motet_pair y = motet_svf_step(&filters[k], &state, motet_pair_load(left, right, k));
        motet_pair_store(left, right, k, motet_pair_settled(y));
    }
    band->state = state;
}

static bool stands(const motet_band *band, const motet_band_plan *plan) MOTET_NONBLOCKING
{
    return band->fade_at == band->fade_frames && plan->cutoff_hz.moving == NULL && plan->q.moving == NULL &&
           plan->gain_db.moving == NULL;
}

static void process_piece(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz,
                          const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    float *left = run->channels[0] + at;
    float *right = run->channel_count == 2 ? run->channels[1] + at : NULL;
    if (stands(band, plan)) {
        band->shape = shape_at(band, plan, sample_rate_hz, at);
        band->steady = motet_svf_of(&band->shape);
        run_steady(band, left, right, count);
        return;
    }
    motet_svf filters[GRID_FRAMES];
    for (uint32_t k = 0; k < count; k++) {
        band->shape = next_shape(band, plan, sample_rate_hz, at + k);
        filters[k] = motet_svf_of(&band->shape);
    }
    run_moving(band, filters, left, right, count);
}

/* Whether it does nothing, which a band that has just gone off starts with a clean state. */
static bool rests(motet_band *band) MOTET_NONBLOCKING
{
    if (band->type != MOTET_SVF_OFF || band->fade_at < band->fade_frames) {
        return false;
    }
    band->state = (motet_svf_state){{0}, {0}};
    return true;
}

void motet_band_process(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz,
                        const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    if (!band->started || band->type != (uint32_t)plan->type || band->variant != plan->variant) {
        change_type(band, plan, sample_rate_hz, at);
    }
    uint32_t end = at + count;
    while (at < end && !rests(band)) {
        uint64_t frame = run->frame + at;
        if (frame % GRID_FRAMES == 0) {
            motet_svf_settle(&band->state);
        }
        uint32_t piece = GRID_FRAMES - (uint32_t)(frame % GRID_FRAMES);
        uint32_t to_standing = band->fade_frames - band->fade_at;
        piece = piece < end - at ? piece : end - at;
        piece = to_standing > 0 && to_standing < piece ? to_standing : piece;
        process_piece(band, plan, sample_rate_hz, run, at, piece);
        at += piece;
    }
}

double motet_band_tail_seconds(motet_svf_type type, double cutoff_hz, double q, double gain_db,
                               uint32_t sample_rate_hz) MOTET_NONBLOCKING
{
    if (type == MOTET_SVF_OFF) {
        return 0;
    }
    motet_svf_shape shape =
        motet_svf_shape_of(type, motet_svf_tangent(cutoff_hz, (double)sample_rate_hz), q, motet_svf_amplitude(gain_db));
    return motet_svf_decay_frames(&shape, 1e-8) / (double)sample_rate_hz + 0.01;
}
