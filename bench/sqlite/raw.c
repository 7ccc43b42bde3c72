/*
 * The rows of a transition in plain SQLite: no protocol, no rules, no proof. A ceiling to measure
 * motcua against.
 *
 *     raw MODE CALLERS SECONDS FOLDER [RATE]
 *
 * MODE is `single` (each transition is a commit, one thread), `writer` (callers hand their transition
 * to one thread that commits what waits), or a number (so many transitions a commit, one thread).
 * With RATE, transitions are due at instants fixed in advance, and their time counts from there.
 * Prints one line of JSON.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "sqlite3.h"

enum { STEPS = 10, ARMED_AT = 3, CLEARED_AT = 8, PAYLOAD = 600, WAITING_MAX = 128, CALLERS_MAX = 512 };
enum { TIMES_MAX = 20 * 1000 * 1000 };

static const char *SCHEMA =
    "CREATE TABLE instance (id TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL,"
    "    body TEXT NOT NULL) STRICT;"
    "CREATE TABLE history (id INTEGER PRIMARY KEY, instance TEXT NOT NULL, version INTEGER NOT NULL,"
    "    payload TEXT NOT NULL) STRICT;"
    "CREATE UNIQUE INDEX history_by_instance ON history (instance, version);"
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY, instance TEXT NOT NULL, version INTEGER NOT NULL,"
    "    body TEXT NOT NULL) STRICT;"
    "CREATE TABLE timer (instance TEXT PRIMARY KEY, due_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX timer_by_due ON timer (due_at, instance);";

enum { CREATE, ADVANCE, HISTORY, OUTBOX, ARM, CLEAR, BEGIN, COMMIT, STATEMENTS };
static const char *SQL[STATEMENTS] = {
    "INSERT INTO instance (id, version, state, body) VALUES (?1, ?2, ?3, ?4)",
    "UPDATE instance SET version = ?2, state = ?3, body = ?4 WHERE id = ?1 AND version = ?5",
    "INSERT INTO history (instance, version, payload) VALUES (?1, ?2, ?3)",
    "INSERT INTO outbox (instance, version, body) VALUES (?1, ?2, ?3)",
    "INSERT INTO timer (instance, due_at) VALUES (?1, ?2)",
    "DELETE FROM timer WHERE instance = ?1",
    "BEGIN IMMEDIATE",
    "COMMIT",
};

static sqlite3 *db;
static sqlite3_stmt *statement[STATEMENTS];
static char payload[PAYLOAD + 1];
static const char *BODY = "{\"step\":\"a step of the procedure\",\"unit\":\"a unit\",\"who\":\"somebody\"}";

/* A life on its way. */
struct life {
    char id[37];
    int step;
};

/* A caller's transition, on its way to the writer. */
struct call {
    struct life *life;
    int done;
    pthread_mutex_t lock;
    pthread_cond_t told;
};

static pthread_mutex_t queue_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queue_filled = PTHREAD_COND_INITIALIZER;
static struct call *queue[CALLERS_MAX];
static int queued, stopping;

static double *times;
static atomic_long measured, ids, tickets;
static double begun, seconds, rate;

static void fail(const char *what) {
    fprintf(stderr, "raw: %s: %s\n", what, db ? sqlite3_errmsg(db) : "");
    exit(1);
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void sleep_until(double instant) {
    struct timespec at = { (time_t)instant, (long)((instant - (time_t)instant) * 1e9) };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0) {
    }
}

static void run(int which) {
    if (sqlite3_step(statement[which]) != SQLITE_DONE) fail(SQL[which]);
    sqlite3_reset(statement[which]);
}

static void text(int which, int place, const char *value) {
    sqlite3_bind_text(statement[which], place, value, -1, SQLITE_STATIC);
}

/* Ids in the order of time, as UUIDv7. */
static void begin_life(struct life *life) {
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    uint64_t ms = (uint64_t)at.tv_sec * 1000 + (uint64_t)at.tv_nsec / 1000000;
    long id = atomic_fetch_add(&ids, 1);
    snprintf(life->id, sizeof life->id, "%08x-%04x-7%03x-8%03x-%012lx", (unsigned)(ms >> 16),
             (unsigned)(ms & 0xffff), (unsigned)(id >> 12 & 0xfff), (unsigned)(id & 0xfff),
             (unsigned long)id);
    life->step = 0;
}

/* The state is checked and changed; history, outbox and timer follow. */
static void transition(struct life *life) {
    int version = life->step + 1, change = life->step == 0 ? CREATE : ADVANCE;
    text(change, 1, life->id);
    sqlite3_bind_int(statement[change], 2, version);
    text(change, 3, "a step");
    text(change, 4, payload);
    if (change == ADVANCE) sqlite3_bind_int(statement[change], 5, version - 1);
    run(change);
    if (sqlite3_changes(db) != 1) fail("a state was not as expected");
    for (int which = HISTORY; which <= OUTBOX; which++) {
        text(which, 1, life->id);
        sqlite3_bind_int(statement[which], 2, version);
        text(which, 3, which == HISTORY ? payload : BODY);
        run(which);
    }
    if (life->step == ARMED_AT) {
        text(ARM, 1, life->id);
        sqlite3_bind_int64(statement[ARM], 2, 1800000000000000 + atomic_load(&ids));
        run(ARM);
    } else if (life->step == CLEARED_AT) {
        text(CLEAR, 1, life->id);
        run(CLEAR);
    }
    if (++life->step == STEPS) begin_life(life);
}

static void keep(double from) {
    long place = atomic_fetch_add(&measured, 1);
    if (place < TIMES_MAX) times[place] = now() - from;
}

/* From when the next transition counts; nothing at the end. */
static double next_call(void) {
    if (rate <= 0) {
        double at = now();
        return at < begun + seconds ? at : 0;
    }
    long place = atomic_fetch_add(&tickets, 1);
    if (place >= (long)(rate * seconds)) return 0;
    double due = begun + place / rate;
    if (now() < due) sleep_until(due);
    return due;
}

static void *caller(void *unused) {
    (void)unused;
    struct life life;
    struct call call = { &life, 0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER };
    begin_life(&life);
    for (double from; (from = next_call()) > 0;) {
        call.done = 0;
        pthread_mutex_lock(&queue_lock);
        queue[queued++] = &call;
        pthread_cond_signal(&queue_filled);
        pthread_mutex_unlock(&queue_lock);
        pthread_mutex_lock(&call.lock);
        while (!call.done) pthread_cond_wait(&call.told, &call.lock);
        pthread_mutex_unlock(&call.lock);
        keep(from);
    }
    return NULL;
}

static void *writer(void *unused) {
    (void)unused;
    struct call *taken[WAITING_MAX];
    for (;;) {
        pthread_mutex_lock(&queue_lock);
        while (queued == 0 && !stopping) pthread_cond_wait(&queue_filled, &queue_lock);
        int count = queued < WAITING_MAX ? queued : WAITING_MAX;
        memcpy(taken, queue, count * sizeof *taken);
        memmove(queue, queue + count, (queued - count) * sizeof *queue);
        queued -= count;
        pthread_mutex_unlock(&queue_lock);
        if (count == 0) return NULL;
        run(BEGIN);
        for (int i = 0; i < count; i++) transition(taken[i]->life);
        run(COMMIT);
        for (int i = 0; i < count; i++) {
            pthread_mutex_lock(&taken[i]->lock);
            taken[i]->done = 1;
            pthread_cond_signal(&taken[i]->told);
            pthread_mutex_unlock(&taken[i]->lock);
        }
    }
}

static void with_writer(int callers) {
    pthread_t thread, threads[CALLERS_MAX];
    pthread_create(&thread, NULL, writer, NULL);
    for (int i = 0; i < callers; i++) pthread_create(&threads[i], NULL, caller, NULL);
    for (int i = 0; i < callers; i++) pthread_join(threads[i], NULL);
    pthread_mutex_lock(&queue_lock);
    stopping = 1;
    pthread_cond_signal(&queue_filled);
    pthread_mutex_unlock(&queue_lock);
    pthread_join(thread, NULL);
}

static void alone(int batch) {
    struct life *lives = calloc(batch, sizeof *lives);
    for (int i = 0; i < batch; i++) begin_life(&lives[i]);
    for (double from; (from = next_call()) > 0;) {
        run(BEGIN);
        for (int i = 0; i < batch; i++) transition(&lives[i]);
        run(COMMIT);
        for (int i = 0; i < batch; i++) keep(from);
    }
    free(lives);
}

static int compare(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double permille(long count, long part) {
    long rank = (count * part + 999) / 1000;
    return count ? times[rank > 0 ? rank - 1 : 0] * 1000 : 0;
}

static double bytes_of(const char *path, const char *end) {
    char name[4096];
    struct stat info;
    snprintf(name, sizeof name, "%s%s", path, end);
    return stat(name, &info) == 0 ? (double)info.st_size : 0;
}

static void open_database(const char *path) {
    if (sqlite3_open(path, &db) != SQLITE_OK) fail(path);
    const char *settings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;";
    if (sqlite3_exec(db, settings, NULL, NULL, NULL) != SQLITE_OK) fail(settings);
    if (sqlite3_exec(db, SCHEMA, NULL, NULL, NULL) != SQLITE_OK) fail("schema");
    for (int i = 0; i < STATEMENTS; i++)
        if (sqlite3_prepare_v2(db, SQL[i], -1, &statement[i], NULL) != SQLITE_OK) fail(SQL[i]);
}

int main(int count, char **words) {
    if (count < 5) {
        fprintf(stderr, "raw single|writer|N CALLERS SECONDS FOLDER [RATE]\n");
        return 2;
    }
    char path[4000];
    int callers = atoi(words[2]);
    snprintf(path, sizeof path, "%s/raw.db", words[4]);
    if (callers < 1 || callers > CALLERS_MAX) fail("callers");
    memset(payload, 'x', PAYLOAD);
    times = malloc(sizeof *times * TIMES_MAX);
    open_database(path);
    seconds = atof(words[3]);
    rate = count > 5 ? atof(words[5]) : 0;
    begun = now();
    if (strcmp(words[1], "writer") == 0) with_writer(callers);
    else alone(strcmp(words[1], "single") == 0 ? 1 : atoi(words[1]));
    double elapsed = now() - begun;
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    double cpu = used.ru_utime.tv_sec + used.ru_stime.tv_sec +
                 (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    long done = atomic_load(&measured), kept = done < TIMES_MAX ? done : TIMES_MAX;
    qsort(times, kept, sizeof *times, compare);
    double stored = bytes_of(path, "") + bytes_of(path, "-wal");
    printf("{\"mode\":\"%s\",\"callers\":%d,\"rate\":%.0f,\"seconds\":%.3f,\"transitions\":%ld,"
           "\"transitions_per_second\":%.1f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
           "\"cpu_us_per_transition\":%.1f,\"store_bytes_per_transition\":%.0f,\"sqlite\":\"%s\"}\n",
           words[1], callers, rate, elapsed, done, done / elapsed, permille(kept, 500),
           permille(kept, 990), cpu * 1e6 / done, stored / done, sqlite3_libversion());
    return 0;
}
