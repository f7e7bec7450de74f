"""Parsing takes all the time it needs here."""

from tests.patience import all_the_time_in_the_world as all_the_time_in_the_world
