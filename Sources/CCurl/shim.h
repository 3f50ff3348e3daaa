#ifndef ONCEGATE_CCURL_SHIM_H
#define ONCEGATE_CCURL_SHIM_H

// The type checks are macros over constant options; the functions below are typed by their signatures instead.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <sys/prctl.h>

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

// Options of a multi handle of type long.
static inline CURLMcode oncegate_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
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
