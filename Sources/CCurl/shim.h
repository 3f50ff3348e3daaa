#ifndef ONCEGATE_CCURL_SHIM_H
#define ONCEGATE_CCURL_SHIM_H

// The type checks are macros over constant options; the functions below are typed by their signatures instead.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

// curl_easy_setopt, curl_multi_setopt and curl_easy_getinfo are variadic, which Swift cannot call. Each function here
// stands for one of the argument types that curl_easy_setopt(3) and curl_easy_getinfo(3) name.

// Options of type CURLOPTTYPE_LONG and CURLOPTTYPE_VALUES.
static inline CURLcode oncegate_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

// Options of type CURLOPTTYPE_STRINGPOINT; libcurl copies the string.
static inline CURLcode oncegate_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

// Options of type CURLOPTTYPE_BLOB; libcurl copies the bytes, and forgets those of before where there are none.
static inline CURLcode oncegate_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {.data = (void *)bytes, .len = count, .flags = CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, bytes ? &blob : NULL);
}

// The folder of authorities that libcurl was built with; NULL where there is none.
static inline const char *oncegate_authorities_folder(void) {
    return curl_version_info(CURLVERSION_NOW)->capath;
}

// Options of type CURLOPTTYPE_OBJECTPOINT and CURLOPTTYPE_CBPOINT; libcurl keeps the pointer.
static inline CURLcode oncegate_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

// Options of type CURLOPTTYPE_SLISTPOINT; libcurl keeps the pointer and only reads the list.
static inline CURLcode oncegate_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

// Options of type CURLOPTTYPE_OFF_T.
static inline CURLcode oncegate_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

// CURLOPT_WRITEFUNCTION and CURLOPT_HEADERFUNCTION, which have the same signature.
static inline CURLcode oncegate_set_write(CURL *easy, CURLoption option, curl_write_callback value) {
    return curl_easy_setopt(easy, option, value);
}

// CURLOPT_PREREQFUNCTION.
static inline CURLcode oncegate_set_prereq(CURL *easy, curl_prereq_callback value) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, value);
}

// CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION with their data.
static inline CURLcode oncegate_set_sockets(
    CURL *easy, curl_opensocket_callback open, curl_closesocket_callback close, void *data) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, data);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, data);
    if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open);
    return code == CURLE_OK ? curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close) : code;
}
// What libcurl does without the first of them, but that a child process does not inherit the socket.
static inline curl_socket_t oncegate_open_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// Options of a multi handle of type long.
static inline CURLMcode oncegate_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// CURLMOPT_SOCKETFUNCTION and CURLMOPT_TIMERFUNCTION with their data.
static inline CURLMcode oncegate_multi_set_socket(CURLM *multi, curl_socket_callback value, void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, data);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value) : code;
}
static inline CURLMcode oncegate_multi_set_timer(CURLM *multi, curl_multi_timer_callback value, void *data) {
    CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERDATA, data);
    return code == CURLM_OK ? curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value) : code;
}

// epoll(7): the headers are not part of Swift's Glibc module, and struct epoll_event is packed.
static inline int oncegate_epoll_create(void) {
    return epoll_create1(EPOLL_CLOEXEC);
}
static inline int oncegate_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}
// Watches a socket for what CURL_POLL_IN and CURL_POLL_OUT say, or no longer.
static inline void oncegate_epoll_set(int poll, int socket, int what, int is_known) {
    struct epoll_event event = {0};
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    event.data.fd = socket;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(poll, EPOLL_CTL_DEL, socket, NULL);
    } else {
        epoll_ctl(poll, is_known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
    }
}
// Waits for sockets, and says for each what CURL_CSELECT_IN, _OUT and _ERR say. An interrupted wait has found none.
static inline int oncegate_epoll_wait(int poll, int *sockets, int *actions, int most, int milliseconds) {
    struct epoll_event events[128];
    int count = epoll_wait(poll, events, most < 128 ? most : 128, milliseconds);
    for (int i = 0; i < count; i++) {
        sockets[i] = events[i].data.fd;
        actions[i] = (events[i].events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0)
            | (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0)
            | (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    }
    return count < 0 ? 0 : count;
}
static inline void oncegate_eventfd_wake(int event) {
    uint64_t one = 1;
    ssize_t written = write(event, &one, sizeof one);
    (void)written; // it fails only where the counter is full: then the reader is awake anyway
}
static inline void oncegate_eventfd_clear(int event) {
    uint64_t count;
    ssize_t got = read(event, &count, sizeof count);
    (void)got; // it fails only where there was nothing to clear
}

// Information of type CURLINFO_LONG; 0 where libcurl does not know it.
static inline long oncegate_get_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// Information of type CURLINFO_OFF_T; 0 where libcurl does not know it.
static inline curl_off_t oncegate_get_offset(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

// CURLINFO_PRIVATE; NULL where none was set.
static inline void *oncegate_get_private(CURL *easy) {
    char *value = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

// The result in a CURLMsg is a member of a union, whose layout Swift would have to guess.
static inline CURLcode oncegate_message_result(const CURLMsg *message) {
    return message->data.result;
}

// The name of the calling thread in ps and top; prctl is variadic, and pthread_setname_np is hidden from Swift.
static inline void oncegate_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}

#endif
