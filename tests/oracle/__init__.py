"""Motet's sample semantics, stated a second time: plain, slow and frame by frame.

`render(path)` plays a timeline the way docs/semantics.md and docs/timeline.md describe it and returns every sample,
how far a rendering may be from it, and the voices' events. It shares no code and no structure with the engine: no
blocks, no runs, no cached gains. Numbers are kept in double; what the rules fix in f32 (material, the product of a
sample and its gain, sums) is rounded there.

    timeline.py  reads the file
    material.py  sounds and fed data as lists of frames
    ramp.py      one fading value
    voice.py     a voice, the places where it sounds, and its tails
    mixer.py     buses, and the loop over frames
    output.py    s16, s24 and one channel
"""
