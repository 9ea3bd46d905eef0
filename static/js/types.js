// @ts-check
/**
 * The shapes that go through the page, and nothing else. A frame is what the server sends; a world is the frames
 * merged so far (every field present, whatever the server left out); a scene is what one picture shows.
 *
 * Times are seconds on the engine's clock, counted since the run began. Task ids are strings, `n` is what people see.
 */

/**
 * @typedef {Object} Link
 * @property {boolean} engine    the engine process lives
 * @property {number} watching   open pages
 */

/**
 * @typedef {Object} Broker
 * @property {string} kind       embedded | rabbitmq | external
 * @property {string} product
 * @property {string} version
 * @property {string} url        without a password
 * @property {number} amqp_port  the tap's
 * @property {boolean} up
 * @property {number} ack_timeout  seconds until an unacked delivery is taken back; 0: not known
 */

/**
 * @typedef {Object} Settings
 * @property {string} ack        manual | auto
 * @property {number} prefetch   0 is no limit
 * @property {string} queue
 * @property {boolean} durable   the queue; `kind` too
 * @property {string} kind       quorum | classic
 * @property {boolean} idempotent  workers skip a task whose result is known
 * @property {Record<string, number>} moved  when each was last changed
 */

/** @typedef {"published"|"done"|"ready"|"unacked"|"at_risk"|"lost"|"dead"|"redelivered"|"done_twice"} LedgerKey */
/** @typedef {Record<LedgerKey, number>} Ledger */

/**
 * @typedef {Object} Queue
 * @property {string} name
 * @property {string} kind       quorum | classic | ""
 * @property {boolean} durable
 * @property {number} ready
 * @property {number} unacked
 * @property {number} consumers
 * @property {string|null} next  the first ready task
 * @property {string[]} window   the first ready tasks, in order
 * @property {number} difference the broker's own count of ready less ours
 */

/**
 * A stretch of time in which a worker took no work.
 * @typedef {Object} Away
 * @property {string} state      starting | stopped | frozen | cut
 * @property {number} since
 * @property {number} until
 * @property {string} why
 */

/**
 * A frame that hangs in the tap.
 * @typedef {{method: string, by: string, task: string|null, at: number}} Hung
 */

/**
 * @typedef {Object} Faults
 * @property {number|null} blackholed  since when
 * @property {number} delay      ms
 * @property {string[]} armed    methods whose next frame will be held
 * @property {Hung[]} held
 */

/**
 * When the broker will have noticed that it hears nothing; both null where there is no heartbeat.
 * @typedef {{since: number, earliest: number|null, latest: number|null}} Silence
 */

/** The end of a worker's process, after so many lines it had ever printed. @typedef {{printed: number, why: string}} Exit */

/**
 * @typedef {Object} Worker
 * @property {string} name
 * @property {string} kind       local | guest
 * @property {string} product
 * @property {string} state      starting | idle | working | stopped | frozen | cut
 * @property {number|null} pid
 * @property {string} ack        manual | auto
 * @property {number} prefetch
 * @property {string} queue
 * @property {number} done
 * @property {string[]} holding  delivered and unsettled, oldest first; the first is being worked on
 * @property {number} held       how many in truth
 * @property {string[]} dropped  what it held when it died
 * @property {number} fallen     how many in truth
 * @property {number} heartbeat  seconds, as agreed with the broker; 0: none, or not connected
 * @property {boolean} stuck     it was started as one that never acknowledges
 * @property {string[]} on_the_wire  of those held, the ones that have not come to it: held, swallowed or thrown away in the tap
 * @property {Faults} faults     what is done to its connections in the tap
 * @property {Silence|null} silence  the broker hears nothing of it although it is connected
 * @property {string} why        kill -9 | SIGTERM | connection cut | exit code 1 | …
 * @property {number} since      when the state last changed
 * @property {number|null} restart_at
 * @property {boolean} leaving
 * @property {number} order
 * @property {string[]} output   the last lines it printed
 * @property {number} printed    how many it ever printed
 * @property {Exit[]} exits      oldest first
 * @property {Away[]} away       those that are over, oldest first
 */

/**
 * @typedef {Object} Producer
 * @property {string} name
 * @property {string} kind       local | guest
 * @property {string} product
 * @property {number} published
 * @property {boolean} up
 * @property {number} order
 */

/** What was done to a worker, its connection or its broker, and when. @typedef {{kind: string, at: number}} Fault */

/**
 * @typedef {Object} Attempt
 * @property {string} worker
 * @property {number} delivered_at
 * @property {number|null} ended_at
 * @property {string|null} end   acked | result | connection_closed | channel_closed | cancelled | nacked | rejected | …
 * @property {boolean} auto_ack
 * @property {number} tag
 * @property {boolean} redelivered
 * @property {number|null} result_at
 * @property {boolean} known     acked without being done: its result was known
 * @property {string} noticed    connection_closed | heartbeat | ack_timeout | channel_closed | nack | broker_restart | engine_restart | ""
 * @property {number|null} deadline    when the broker's patience with it ends; null: not known
 * @property {string} stopped     the method of its frame that hangs in the tap, or was thrown away there; empty: none
 * @property {number|null} arrived_at  when the tap let it go on to the worker, where it had to wait there
 * @property {number|null} released_at when the tap let the worker's ack go on, likewise
 * @property {Fault|null} fault
 */

/**
 * @typedef {Object} Task
 * @property {string} id
 * @property {number} n
 * @property {string} body
 * @property {number} size       bytes
 * @property {number} seconds    of work: the dots in the body
 * @property {string} state      ready | unacked | at_risk | done | lost | dead
 * @property {string} queue
 * @property {string|null} worker
 * @property {boolean} persistent
 * @property {boolean} redelivered
 * @property {number} results
 * @property {number|null} published_at
 * @property {number|null} confirmed_at
 * @property {number|null} settled_at
 * @property {Attempt[]} attempts
 * @property {number} skipped    attempts older than those kept
 */

/**
 * @typedef {Object} WireLine
 * @property {string} key        unique among the lines kept
 * @property {number} seq
 * @property {number} at
 * @property {string} who
 * @property {string} to
 * @property {string} method
 * @property {string} detail
 * @property {string|null} task
 * @property {string} tone       "" | ok | bad | again
 */

/**
 * @typedef {Object} World
 * @property {number} n
 * @property {number} at
 * @property {number} seq
 * @property {number} run
 * @property {Link} link
 * @property {Broker} broker
 * @property {Settings} settings
 * @property {Ledger} ledger
 * @property {Map<string, Queue>} queues
 * @property {Map<string, Worker>} workers
 * @property {Map<string, Producer>} producers
 * @property {Map<string, Task>} tasks
 * @property {string[]} lost     newest first
 * @property {string[]} dead     newest first
 * @property {WireLine[]} wire   oldest first
 */

/** @typedef {"publish"|"deliver"|"redeliver"|"ack"|"finish"|"fall"|"requeue"|"bury"|"arrive"} LegKind */

/**
 * One visible move of one task. `from` and `to` are places: producer, ready, ghost, lost, dead, lane:NAME, tally:NAME, tap:NAME.
 * `at` is the truth; `start` and `end` are what the eye gets.
 * @typedef {Object} Leg
 * @property {LegKind} kind
 * @property {string} from
 * @property {string} to
 * @property {number} at
 * @property {number} start
 * @property {number} end
 * @property {number} attempt    the number of the attempt it belongs to, 0 for a publish
 */

/** @typedef {Leg & {task: Task, key: string}} Flight */

/**
 * A way back that stays on the picture for a while: from the lane that died to the broker's copy, and on to the next lane.
 * @typedef {Object} Trail
 * @property {string} key
 * @property {Task} task
 * @property {string} from       the worker that died
 * @property {string} noticed    how the broker noticed; see Attempt
 * @property {import("./core/stopwatch.js").Watch|null} watch  … and after how long
 * @property {number} at         when it did
 * @property {string|null} to    the worker that has it now; null while it is ready
 * @property {number|null} gap   seconds from the end to the next delivery, measured
 * @property {number} start
 * @property {number} second     when the second half begins
 * @property {number} until
 */

/**
 * Ways back that one closed connection opened, as one.
 * @typedef {Object} Bundle
 * @property {string} key
 * @property {string} from
 * @property {Task[]} tasks
 * @property {boolean} least     there may be more than these
 * @property {Trail[]} onward    at most one for each lane they went on to
 * @property {number|null} gap   the shortest
 * @property {import("./core/stopwatch.js").Watch|null} watch  the longest wait for a slow notice; null where it was at once
 * @property {number} second     when the first second half begins
 */

/**
 * One task at one place.
 * @typedef {Object} Chip
 * @property {string} key
 * @property {Task} task
 * @property {string} place      ready | ghost | lane | dropped | lost | dead | done
 * @property {number} attempt
 * @property {string} look       ready | held | again | risk | lost | dead | done | plain
 * @property {boolean} coming    its flight has not landed
 * @property {string|null} worker
 * @property {number|null} since when this attempt was delivered
 * @property {number|null} patience  when the ack timeout comes, where that is worth counting down
 */

/**
 * @typedef {Object} LaneScene
 * @property {Worker} worker
 * @property {number} index      1 for the topmost
 * @property {Chip|null} running
 * @property {number|null} began when the work on `running` began
 * @property {number|null} stopped  when it stopped counting (the worker died or was frozen)
 * @property {Chip[]} behind     delivered, not begun
 * @property {number} more       further ones, not drawn
 * @property {import("./core/rack.js").Rack} rack  its prefetch slots
 * @property {boolean} excused   it is down because the broker went away
 * @property {number} onTheWire  tasks that were sent to it and have not come
 */

/**
 * One sentence beside the picture; what it does not need is 0 or "".
 * @typedef {Object} Hint
 * @property {string} key        of the words in text/hints.js
 * @property {boolean} quiet     worth knowing; nothing is in the way
 * @property {string} worker     whom it is about
 * @property {string} other      another worker, or another queue
 * @property {string} queue
 * @property {number} task       the number of the first in hand
 * @property {number} tasks      how many are ready, or in hand
 * @property {number} prefetch
 * @property {string} ack        manual | auto
 * @property {number} t          the time it was worked out for
 * @property {number|null} until when the heartbeat will have told the broker, at the latest; null: it never does
 * @property {boolean} either    the ack timeout may be there before it
 * @property {number} timeout    seconds until an unacked delivery is taken back
 */

/**
 * @typedef {Object} Scene
 * @property {number} t
 * @property {World} world
 * @property {Queue|null} queue  the one on the picture
 * @property {Queue[]} queues    all, the configured one first
 * @property {Chip[]} ready
 * @property {number} readyMore
 * @property {Chip[]} ghosts
 * @property {number} ghostsMore
 * @property {Chip[]} lost
 * @property {number} lostMore
 * @property {number} lostElsewhere  known ones of other queues
 * @property {Chip[]} dead
 * @property {number} deadMore
 * @property {number} deadElsewhere
 * @property {LaneScene[]} lanes
 * @property {Flight[]} flights
 * @property {import("./core/faults.js").Mark[]} marks  what is done in the tap
 * @property {import("./core/faults.js").Ticking|null} ticking
 * @property {Bundle[]} bundles  ways back that are drawn
 * @property {"down"|"back"|null} outage  the broker went away; or is back since a moment ago
 * @property {Trail[]} trails    newest first
 * @property {Trail[]} back      all ways back, drawn or not, from the worker that died last
 * @property {number|null} pin   the number of the task in view
 * @property {string|null} tab   which view the foot shows: life | workers | code | output; null: the first
 * @property {string|null} lane  the worker whose code is shown, where the person chose one
 * @property {Hint|null} hint  what to say where the picture alone would puzzle
 * @property {number} next       the next time at which this scene changes by itself; Infinity if it does not
 * @property {boolean} counting  seconds are running
 */

/**
 * What the person at the page has chosen.
 * @typedef {Object} Choice
 * @property {number|null} pin
 * @property {string|null} queue
 * @property {string|null} tab
 * @property {string|null} lane
 * @property {boolean} still     no motion is wanted
 * @property {{ready: number, ghosts: number, cell?: {ready: number, ghosts: number}}} room  how many chips the shelves hold, and how wide a cell is, in rem
 */

/** @typedef {{ok: true, [result: string]: unknown} | {ok: false, status: number, title: string, detail: string}} Answer */

/**
 * A moment worth finding again.
 * @typedef {Object} Mark
 * @property {number} at
 * @property {string} what       stopped | frozen | cut | broker_down
 * @property {string} who        the worker
 * @property {string} why        kill -9 | connection cut | …
 */

/**
 * Where the picture stands between the beginning of the film and the present. Times as everywhere.
 * @typedef {Object} Moment
 * @property {"live"|"paused"|"playing"} mode
 * @property {number} t          the moment on the picture
 * @property {number} live       the present
 * @property {number} began      when the run began
 * @property {number} from       when the film begins; older is not kept
 * @property {number} whole      from here on every frame is kept, before it one every few seconds
 * @property {number} rate
 * @property {boolean} waiting   the picture of this moment is on its way
 * @property {Mark[]} marks
 */

/** @typedef {"connecting"|"live"|"reconnecting"|"engine-gone"|"past"} LinkState */

/**
 * Where frames come from: the live server, or a script. The page knows no other way in or out.
 * @typedef {Object} FrameSource
 * @property {(on: {frame: (frame: unknown) => void, link: (up: boolean) => void}) => void} start
 * @property {() => void} sync                                    ask for a keyframe
 * @property {(n: number) => void} seen                           tell the last frame drawn
 * @property {(command: Record<string, unknown>) => Promise<Answer>} command  never rejects
 * @property {(query: Record<string, number>) => Promise<unknown>} film  the film's index, or with `at` its reel; null if it cannot be had
 * @property {() => Promise<string>} program                      the text of the workers' program; rejects where it cannot be had
 */

export {};
