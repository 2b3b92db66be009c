#include "effects/reverb_presets.h"

/* In the order of the enum: rt60_seconds, rt60_low, rt60_high, low_hz, high_hz, size, predelay_seconds, early_db,
 * late_db, diffusion, width, modulation. */
const motet_reverb_preset motet_reverb_presets[MOTET_REVERB_PRESETS] = {
    {"small_room", "A furnished room.", {0.4f, 1.1f, 0.6f, 200, 5000, 0.15f, 0.002f, 0, -2, 0.7f, 0.9f, 0.4f}},
    {"room", "A large room with bare walls.", {0.8f, 1.1f, 0.55f, 200, 5000, 0.3f, 0.005f, -1, -1, 0.75f, 1, 0.5f}},
    {"chamber",
     "A chamber for music, warm and dense.",
     {1.4f, 1.15f, 0.5f, 250, 4500, 0.45f, 0.01f, -4, 0, 0.9f, 1, 0.5f}},
    {"hall", "A concert hall.", {2.1f, 1.2f, 0.45f, 250, 4000, 0.65f, 0.02f, -4, 0, 0.8f, 1, 0.5f}},
    {"large_hall",
     "A wide hall, far from the stage.",
     {3.4f, 1.2f, 0.4f, 250, 3500, 0.8f, 0.035f, -6, 0, 0.8f, 1, 0.5f}},
    {"cathedral", "A cathedral of stone.", {7.5f, 1.25f, 0.3f, 300, 3000, 1, 0.05f, -8, 0, 0.85f, 1, 0.5f}},
    {"plate", "A steel plate: dense at once and bright.", {2, 0.8f, 0.8f, 250, 6000, 0.6f, 0, -80, 0, 1, 1, 0.6f}},
};
