/* The transfer of an open document to another home: released in one home only, at every moment.
 *
 * Covers   one order of two pieces, moved up to twice, there and back; the warehouses of both ERPs,
 *          which ship whatever is released; senders that die or hang at any step and whose transfer
 *          another carries on; an earlier change of the channel whose release is still in the
 *          outbox, or was delivered without an answer; a cancel of the channel.
 * Leaves out  what other models cover: mirrors that follow (documents.pml), doubling by calls that
 *          outlast a deadline (writes.pml); users who release the blocked document by hand, which the
 *          feed raises as mirror_executed; classes and policies, which only choose what is tried.
 *
 * Inlines whose names end in _ are parts; every other inline is a transition, and docs/safety.md
 * names the function that implements it. */

#define LEGACY 0
#define CLOUD 1
#define other(s) (1 - (s))
#define PIECES 2
#define TRANSFERS 2

/* How far the item has come in the journal. */
#define WAITING 0
#define BLOCKING 1
#define BLOCKED 2
#define LEVELLED 3

/* The ERPs: each holds a document of the order; the other than its home an inert one. */
bool released[2];
byte left[2]; /* Outstanding in the document. */
byte shipped[2];

/* The journal. */
bit home, from, to;
bool open; /* The intent: the document's lock. */
byte attempts;
byte step, memo;
bool release_due[2]; /* In the outbox. */
bool cancelled;
byte transfers, crashes, hangs, amends, lost_answers, refusals;
bool dead; /* The sender of the newest attempt has died. */

hidden byte it_is_released_in_one_home_only;
hidden byte nothing_is_shipped_twice;
hidden byte no_cancel_is_acknowledged_after_shipment;
hidden byte nothing_cancelled_is_shipped;
hidden byte every_piece_is_shipped_in_the_end;

#define waits (release_due[LEGACY] || release_due[CLOUD])
#define current (open && attempts == mine)
#define all_shipped (shipped[LEGACY] + shipped[CLOUD])

#ifdef SWAP_OVER_ROWS
#define no_row true
#else
#define no_row (!waits)
#endif
#ifdef OLD_ATTEMPT_SWAPS
#define may_swap (from == home)
#else
#define may_swap current
#endif
#ifdef NOT_LOCKED
#define unlocked true
#else
#define unlocked (!open)
#endif
#ifdef CANCEL_SEES_HOME_ONLY
#define left_already shipped[home]
#else
#define left_already all_shipped
#endif

inline begin_transfer() {
  atomic {
    !open && transfers < TRANSFERS && !cancelled && released[home] && left[home] > 0 && no_row ->
    open = true; transfers++; attempts++; mine = attempts; dead = false;
    from = home; to = other(home); step = WAITING
  }
}

inline take_over() { /* Whoever had it is dead, or taken for dead. */
  atomic {
    open && (dead || hangs < 1) ->
    if
    :: dead
    :: !dead -> hangs++
    fi;
    dead = false; attempts++; mine = attempts
  }
}

inline read_home() { /* What must keep it there does. */
  atomic {
    current ->
    seen = left[from];
    if
    :: step == WAITING -> step = BLOCKING; memo = shipped[from]; stays = (seen == 0)
    :: step != WAITING -> stays = (seen == 0 || shipped[from] != memo)
    fi
  }
}

inline block_order() {
  atomic {
    current ->
#ifndef NOT_BLOCKED
    released[from] = false
#else
    skip
#endif
  }
}

inline read_back() { /* Nothing left it while it was being blocked. */
  atomic {
    current ->
#ifndef NOT_VERIFIED
    stays = (shipped[from] != memo);
    seen = left[from];
#endif
    step = (stays -> step : BLOCKED)
  }
}

inline level_copy() {
  atomic {
    current ->
    if
    :: left[to] = seen; step = LEVELLED
    :: refusals == 0 -> refusals++; stays = true /* Refused there, or given up. */
    fi
  }
}

inline look_again() {
  atomic {
    current ->
#if !defined(NOT_VERIFIED) && !defined(NOT_BLOCKED)
    again = released[from];
    stays = (shipped[from] != memo)
#else
    again = false
#endif
  }
}

inline swap_homes() {
  atomic {
    if
    :: may_swap && no_row -> home = to; release_due[to] = true; open = false; goto top
    :: current && !no_row -> skip /* Tried again from the beginning. */
    :: !(may_swap && no_row) && !(current && !no_row) -> goto top
    fi
  }
}

inline stay_home() {
  atomic { current -> release_due[from] = true; open = false }
}

inline die_() { atomic { current && crashes < 2 -> crashes++; dead = true; goto top } }
inline overtaken_() { atomic { !current -> goto top } }

proctype Sender() {
  byte mine, seen;
  bool stays, again;
end:
top:
  if
  :: begin_transfer()
  :: take_over()
  fi;
anew:
  if :: read_home() :: die_() :: overtaken_() fi;
  if :: stays -> goto stay :: else fi;
  if :: block_order() :: die_() :: overtaken_() fi;
  if :: read_back() :: die_() :: overtaken_() fi;
  if :: stays -> goto stay :: else fi;
  if :: level_copy() :: die_() :: overtaken_() fi;
  if :: stays -> goto stay :: else fi;
  if :: look_again() :: die_() :: overtaken_() fi;
  if :: stays -> goto stay :: !stays && again -> goto anew :: else fi;
  if :: swap_homes() :: die_() fi;
  goto anew;
stay:
  if :: stay_home() :: die_() :: overtaken_() fi;
  goto top
}

inline deliver_release(s) {
  atomic {
    release_due[s] ->
    if
    :: home == s && !cancelled -> released[s] = true
    :: !(home == s && !cancelled)
    fi;
    if
    :: release_due[s] = false
    :: lost_answers == 0 -> lost_answers++
    fi
  }
}

inline amend_order() { /* Reopens the document; its release is in the outbox. */
  atomic {
    unlocked && amends == 0 && !cancelled && released[home] && left[home] > 0 ->
    amends++; released[home] = false; release_due[home] = true
  }
}

inline cancel_order() {
  atomic {
    unlocked && !cancelled && left[home] > 0 && left_already == 0 ->
    if
    :: all_shipped > 0 -> assert(no_cancel_is_acknowledged_after_shipment)
    :: else
    fi;
    cancelled = true; released[home] = false; left[home] = 0
  }
}

inline warehouse_ships(s) {
  atomic { released[s] && left[s] > 0 -> left[s]--; shipped[s]++ }
}

proctype Others() {
end:
  do
  :: deliver_release(LEGACY)
  :: deliver_release(CLOUD)
  :: amend_order()
  :: cancel_order()
  :: warehouse_ships(LEGACY)
  :: warehouse_ships(CLOUD)
  od
}

proctype Invariants() {
end:
  do
  :: atomic { released[LEGACY] && released[CLOUD] -> assert(it_is_released_in_one_home_only) }
  :: atomic { all_shipped > PIECES -> assert(nothing_is_shipped_twice) }
  :: atomic { cancelled && all_shipped > 0 -> assert(nothing_cancelled_is_shipped) }
  :: atomic { timeout && !cancelled && all_shipped < PIECES ->
              assert(every_piece_is_shipped_in_the_end) }
  od
}

init {
  atomic {
    released[LEGACY] = true; left[LEGACY] = PIECES; left[CLOUD] = PIECES;
    run Sender(); run Sender(); run Others(); run Invariants()
  }
}
