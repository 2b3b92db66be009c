/* The end of each of cli/bench_limit_<level>.c: its kernels by name, and the table of them. The file has defined INLINE
 * functions copy, pitched and filtered over 1 or 2 channels, and TARGET, the attribute of functions of its level. */
#ifndef MOTET_CLI_BENCH_LIMIT_TABLE_H
#define MOTET_CLI_BENCH_LIMIT_TABLE_H

#define KERNEL(name, call)                                                                       \
    TARGET static void name(motet_limit_mix *mix, const motet_limit_voice *voices, size_t count) \
    {                                                                                            \
        call;                                                                                    \
    }
KERNEL(copy_mono_s16, copy(mix, voices, count, 1, false))
KERNEL(copy_mono_f32, copy(mix, voices, count, 1, true))
KERNEL(copy_stereo_s16, copy(mix, voices, count, 2, false))
KERNEL(copy_stereo_f32, copy(mix, voices, count, 2, true))
KERNEL(linear_mono_s16, pitched(mix, voices, count, 1, false, false))
KERNEL(linear_mono_f32, pitched(mix, voices, count, 1, false, true))
KERNEL(linear_stereo_s16, pitched(mix, voices, count, 2, false, false))
KERNEL(linear_stereo_f32, pitched(mix, voices, count, 2, false, true))
KERNEL(cubic_mono_s16, pitched(mix, voices, count, 1, true, false))
KERNEL(cubic_mono_f32, pitched(mix, voices, count, 1, true, true))
KERNEL(cubic_stereo_s16, pitched(mix, voices, count, 2, true, false))
KERNEL(cubic_stereo_f32, pitched(mix, voices, count, 2, true, true))
KERNEL(sinc16_mono_s16, filtered(mix, voices, count, 16, 1, false))
KERNEL(sinc16_mono_f32, filtered(mix, voices, count, 16, 1, true))
KERNEL(sinc16_stereo_s16, filtered(mix, voices, count, 16, 2, false))
KERNEL(sinc16_stereo_f32, filtered(mix, voices, count, 16, 2, true))
KERNEL(sinc32_mono_s16, filtered(mix, voices, count, 32, 1, false))
KERNEL(sinc32_mono_f32, filtered(mix, voices, count, 32, 1, true))
KERNEL(sinc32_stereo_s16, filtered(mix, voices, count, 32, 2, false))
KERNEL(sinc32_stereo_f32, filtered(mix, voices, count, 32, 2, true))
#undef KERNEL

#define LIMIT_TABLE                                                                       \
    {                                                                                     \
        {{copy_mono_s16, copy_mono_f32}, {copy_stereo_s16, copy_stereo_f32}},             \
            {{linear_mono_s16, linear_mono_f32}, {linear_stereo_s16, linear_stereo_f32}}, \
            {{cubic_mono_s16, cubic_mono_f32}, {cubic_stereo_s16, cubic_stereo_f32}},     \
            {{sinc16_mono_s16, sinc16_mono_f32}, {sinc16_stereo_s16, sinc16_stereo_f32}}, \
            {{sinc32_mono_s16, sinc32_mono_f32}, {sinc32_stereo_s16, sinc32_stereo_f32}}, \
    }

#endif /* MOTET_CLI_BENCH_LIMIT_TABLE_H */
