"""What happens by itself when its time has come, by the name under which it was noted."""

from sandbox.gigs import changes, lives, topups
from sandbox.gigs.diary import Deeds

DEEDS: Deeds = {
    lives.ACTIVATION: lives.activate,
    lives.PERIOD_END: lives.turn,
    changes.APPLYING: changes.apply,
    topups.START: topups.start,
    topups.END: topups.stop,
}
