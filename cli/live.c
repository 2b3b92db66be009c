#include "live.h"

#include "interrupt.h"
#include "memory.h"
#include "options.h"
#include "output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TICK_MS = 10, METER_WIDTH = 20, NAME_WIDTH = 24 };

static const double METER_FLOOR_DB = -60;
static const double LEAD_SECONDS = 0.1;      /* from creation to the first frame, so that it can be given in time */
static const double FADE_OUT_SECONDS = 0.05; /* of an interruption */

/* What happens by itself, as the loss of the device, is a warning; errors are told by who made the call that failed. */
static void log_line(void *user, motet_log_level level, const char *text)
{
    motet_live *live = user;
    if (level == MOTET_LOG_WARNING && !atomic_load(&live->muted)) {
        motet_output_error("warning: %s", text);
    }
}

static void tell_device(const motet_live *live, const motet_engine_info *info)
{
    if (live->options->quiet) {
        return;
    }
    if (info->is_null && info->null_reason[0] != '\0') {
        motet_output_error("no sound device (%s); playing to the null device in real time", info->null_reason);
    } else if (info->is_null) {
        motet_output_error("playing to the null device in real time, as MOTET_DEVICE asks");
    } else if (motet_output_has_terminal()) {
        fprintf(stderr, "playing to %s\n", info->device_name);
    }
}

bool motet_live_open(motet_live *live, motet_engine_def def, const motet_live_options *options)
{
    *live = (motet_live){.options = options, .deadline_frame = UINT64_MAX};
    atomic_store(&live->muted, true);
    /* A device that was asked for by name is not replaced in silence. */
    def.device = options->device != NULL ? MOTET_DEVICE_STRICT : MOTET_DEVICE_DEFAULT;
    def.device_name = options->device;
    def.simd = options->simd;
    def.log = log_line;
    def.log_user = live;
    motet_engine_info info;
    live->engine = motet_engine_create(&def);
    if (live->engine == NULL || motet_engine_get_info(live->engine, &info) != MOTET_OK) {
        motet_output_error("%s", motet_last_error());
        motet_engine_destroy(live->engine);
        return false;
    }
    atomic_store(&live->muted, false);
    live->rate_hz = info.sample_rate_hz;
    live->declick_frames = info.declick_frames;
    tell_device(live, &info);
    motet_options_tell_simd(options->simd, info.simd);
    motet_interrupt_catch();
    return true;
}

uint64_t motet_live_frame(const motet_live *live)
{
    motet_clock clock = {0};
    (void)motet_engine_get_clock(live->engine, &clock);
    return clock.frame;
}

void motet_live_end_at(motet_live *live, uint64_t frame)
{
    (void)motet_bus_set_volume_db(live->engine, motet_bus_master(live->engine), MOTET_VOLUME_MIN_DB, motet_at(frame));
    live->deadline_frame = frame + live->declick_frames;
}

void motet_live_start(motet_live *live)
{
    live->start_frame = motet_live_frame(live) + (uint64_t)(LEAD_SECONDS * live->rate_hz);
    if (live->options->has_seconds) {
        motet_live_end_at(live, live->start_frame + (uint64_t)(live->options->seconds * live->rate_hz + 0.5));
    }
}

bool motet_live_wait(motet_live *live)
{
    motet_sleep_ms(TICK_MS);
    return !motet_interrupt_came() && motet_live_frame(live) < live->deadline_frame;
}

/* ------------------------------------------------------------------------------------------------------ Meters */

static void draw_meter(char *text, double level)
{
    double db = motet_level_db(level);
    double part = db <= METER_FLOOR_DB ? 0 : 1 - db / METER_FLOOR_DB;
    int filled = (int)lrint(fmin(part, 1) * METER_WIDTH);
    for (int i = 0; i < METER_WIDTH; i++) {
        text[i] = i < filled ? '#' : '.';
    }
    text[METER_WIDTH] = '\0';
}

static char *time_text(double seconds)
{
    seconds = seconds > 0 ? seconds : 0;
    double minutes = floor(seconds / 60);
    return motet_string_format("%.0f:%04.1f", minutes, fmin(seconds - minutes * 60, 59.9));
}

void motet_live_show(const motet_live *live, const char *name, double done, double total)
{
    motet_stats stats;
    if (live->options->quiet || !motet_output_has_terminal() || !motet_output_is_time() ||
        motet_engine_get_stats(live->engine, &stats) != MOTET_OK) {
        return;
    }
    char left[METER_WIDTH + 1];
    char right[METER_WIDTH + 1];
    draw_meter(left, (double)stats.master_level[0]);
    draw_meter(right, (double)stats.master_level[1]);
    char *so_far = time_text(done);
    char *whole = total > 0 ? time_text(total) : motet_string_copy("");
    char *text = motet_string_format("%.*s  %s%s%s  L %s R %s  %u voices", NAME_WIDTH, name, so_far,
                                     total > 0 ? " / " : "", whole, left, right, (unsigned)stats.voices_active);
    motet_output_progress(text);
    free(so_far);
    free(whole);
    free(text);
}

int motet_live_close(motet_live *live, bool good)
{
    motet_output_progress(NULL);
    if (motet_interrupt_came()) {
        (void)motet_bus_set_volume_db(live->engine, motet_bus_master(live->engine), MOTET_VOLUME_MIN_DB,
                                      motet_fade(FADE_OUT_SECONDS));
        motet_sleep_ms((uint32_t)(FADE_OUT_SECONDS * 1000) + 2 * TICK_MS);
    }
    motet_engine_destroy(live->engine); /* plays out what the device holds */
    return motet_interrupt_came() ? MOTET_EXIT_INTERRUPTED : good ? MOTET_EXIT_OK : MOTET_EXIT_FAILED;
}
