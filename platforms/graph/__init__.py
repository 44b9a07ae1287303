"""What Facebook, Instagram and Threads share: one dialect of questions, errors, limits, pages and signed pushes.

It knows no platform's posts; the three packages beside it do.
"""
