/*
 * Runs clickhouse-local out of libchdb.so, which listens like a server: clickhouse-local LIBRARY ARGUMENT…
 * The statement SYSTEM START LISTEN opens its ports; it runs until it is killed.
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>

/* Result of query_stable_v2 in chdb.h. */
struct local_result {
  char *buffer;
  size_t length;
  void *memory;
  double elapsed_s;
  uint64_t rows_read, bytes_read;
  char *error;
};

int main(int argument_count, char **arguments) {
  if (argument_count < 2) return 2;
  void *library = dlopen(arguments[1], RTLD_NOW | RTLD_GLOBAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 2;
  }
  struct local_result *(*query)(int, char **);
  *(void **)&query = dlsym(library, "query_stable_v2");
  if (query == NULL) return 2;
  arguments[1] = arguments[0];
  struct local_result *result = query(argument_count - 1, arguments + 1);
  if (result != NULL && result->error != NULL) fprintf(stderr, "%s\n", result->error);
  return 1;
}
