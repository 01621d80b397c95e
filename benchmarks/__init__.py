"""Speed as ratios: each module measures a hot path beside a stated reference."""
