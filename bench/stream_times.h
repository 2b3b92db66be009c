/* The parts of bench/streams that run in real time. */
#ifndef MOTET_BENCH_STREAM_TIMES_H
#define MOTET_BENCH_STREAM_TIMES_H

/* Each prints a table and returns how many of its figures are not reached. */
int stream_gaps_show(void);
int stream_starts_show(void);
int stream_slices_show(void);

#endif /* MOTET_BENCH_STREAM_TIMES_H */
