// What the addon is linked against in place of the functions that moved from libpthread to libc in glibc 2.34: so it asks
// for the versions that every glibc has. Only names; this library is never loaded.
void pthread_create(void) {}
void pthread_join(void) {}
void pthread_once(void) {}
void __pthread_key_create(void) {}
