#include "effects/band.h"

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
    band->is_settled = false;
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

static void run_steady(motet_band *band, const motet_svf *next, motet_pair *frames, uint32_t count,
                       bool starts_odd) MOTET_NONBLOCKING
{
    motet_svf_state state = band->state;
    const motet_svf filter = *next;
    uint32_t k = 0;
    if (starts_odd) {
        int same = motet_svf_is_same(&filter, &band->filter);
        frames[k] = motet_svf_step_odd(&filter, &state, frames[k], same);
        k++;
    }
    for (; k + 1 < count; k += 2) {
        frames[k] = motet_svf_step_even(&filter, &state, frames[k]);
        frames[k + 1] = motet_svf_step_odd(&filter, &state, frames[k + 1], true);
    }
    if (k < count) {
        frames[k] = motet_svf_step_even(&filter, &state, frames[k]);
    }
    band->state = state;
    band->filter = filter;
}

static void run_moving(motet_band *band, const motet_svf *filters, motet_pair *frames, uint32_t count,
                       bool starts_odd) MOTET_NONBLOCKING
{
    motet_svf_state state = band->state;
    const motet_svf *last = &band->filter;
    bool odd = starts_odd;
    for (uint32_t k = 0; k < count; k++, odd = !odd) {
        int same = odd && motet_svf_is_same(&filters[k], last);
        frames[k] = odd ? motet_svf_step_odd(&filters[k], &state, frames[k], same)
                        : motet_svf_step_even(&filters[k], &state, frames[k]);
        last = &filters[k];
    }
    band->state = state;
    band->filter = *last;
}

static bool stands(const motet_band *band, const motet_band_plan *plan) MOTET_NONBLOCKING
{
    return band->fade_at == band->fade_frames && plan->cutoff_hz.moving == NULL && plan->q.moving == NULL &&
           plan->gain_db.moving == NULL;
}

static void process_part(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz, motet_pair *frames,
                         uint64_t frame, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    bool starts_odd = frame % 2 != 0;
    if (stands(band, plan)) {
        bool same = band->is_settled && number_at(&plan->cutoff_hz, at) == band->cutoff_hz &&
                    number_at(&plan->q, at) == band->q && number_at(&plan->gain_db, at) == band->gain_db;
        motet_svf filter = band->filter;
        if (!same) {
            band->shape = shape_at(band, plan, sample_rate_hz, at);
            filter = motet_svf_of(&band->shape);
        }
        run_steady(band, &filter, frames, count, starts_odd);
        band->is_settled = true;
        return;
    }
    band->is_settled = false;
    motet_svf filters[GRID_FRAMES];
    for (uint32_t k = 0; k < count; k++) {
        band->shape = next_shape(band, plan, sample_rate_hz, at + k);
        filters[k] = motet_svf_of(&band->shape);
    }
    run_moving(band, filters, frames, count, starts_odd);
}

static bool is_off(const motet_band *band) MOTET_NONBLOCKING
{
    return band->type == MOTET_SVF_OFF && band->fade_at == band->fade_frames;
}

/* A piece: no further than the grid. A change of type may end within. */
static void process_piece(motet_band *band, const motet_band_plan *plan, uint32_t sample_rate_hz, motet_pair *frames,
                          uint64_t frame, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    if (frame % GRID_FRAMES == 0) {
        motet_svf_settle(&band->state);
    }
    while (count > 0 && !is_off(band)) {
        uint32_t to_standing = band->fade_frames - band->fade_at;
        uint32_t part = to_standing > 0 && to_standing < count ? to_standing : count;
        process_part(band, plan, sample_rate_hz, frames, frame, at, part);
        frames += part;
        frame += part;
        at += part;
        count -= part;
    }
    if (is_off(band)) {
        band->state = (motet_svf_state){.s1 = {0}};
    }
}

static bool prepare(motet_band *bands, const motet_band_plan *plans, uint32_t band_count, uint32_t sample_rate_hz,
                    uint32_t at) MOTET_NONBLOCKING
{
    bool sounds = false;
    for (uint32_t i = 0; i < band_count; i++) {
        motet_band *band = &bands[i];
        if (!band->started || band->type != (uint32_t)plans[i].type || band->variant != plans[i].variant) {
            change_type(band, &plans[i], sample_rate_hz, at);
        }
        sounds = sounds || !is_off(band);
    }
    return sounds;
}

void motet_bands_process(motet_band *bands, const motet_band_plan *plans, uint32_t band_count, uint32_t sample_rate_hz,
                         const motet_effect_run *run, uint32_t at, uint32_t count) MOTET_NONBLOCKING
{
    motet_pair frames[GRID_FRAMES];
    float *left = run->channels[0], *right = run->channel_count == 2 ? run->channels[1] : NULL;
    if (!prepare(bands, plans, band_count, sample_rate_hz, at)) {
        return;
    }
    for (uint32_t end = at + count; at < end;) {
        uint64_t frame = run->frame + at;
        uint32_t piece = GRID_FRAMES - (uint32_t)(frame % GRID_FRAMES);
        piece = piece < end - at ? piece : end - at;
        motet_pair_gather(frames, left + at, right != NULL ? right + at : NULL, piece);
        for (uint32_t i = 0; i < band_count; i++) {
            process_piece(&bands[i], &plans[i], sample_rate_hz, frames, frame, at, piece);
        }
        motet_pair_spread(frames, left + at, right != NULL ? right + at : NULL, piece);
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
