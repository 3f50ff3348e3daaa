// A webhook gateway as a Go engineer writes it in an afternoon: net/http, and redigo with a pool of connections.
//
// It verifies, claims the id with SET NX EX, and brings the event into a form of its own. Then it puts it on a stream
// (MODE=queue; nobody reads it), or posts it to the destination before it answers (MODE=forward): nothing is kept
// there, and an event whose destination fails is the sender's to repeat.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

const (
	largestBody = 1 << 20
	tolerance   = 300   // seconds
	window      = 86400 // seconds
)

type clerkEvent struct {
	Type      string `json:"type"`
	Timestamp int64  `json:"timestamp"`
	Data      struct {
		ID             string         `json:"id"`
		FirstName      *string        `json:"first_name"`
		LastName       *string        `json:"last_name"`
		ImageURL       string         `json:"image_url"`
		PrimaryEmailID *string        `json:"primary_email_address_id"`
		CreatedAt      int64          `json:"created_at"`
		EmailAddresses []emailAddress `json:"email_addresses"`
	} `json:"data"`
}

type emailAddress struct {
	ID      string `json:"id"`
	Address string `json:"email_address"`
}

type cloudEvent struct {
	SpecVersion string `json:"specversion"`
	ID          string `json:"id"`
	Source      string `json:"source"`
	Type        string `json:"type"`
	Time        string `json:"time"`
	Data        person `json:"data"`
}

type person struct {
	ID        string  `json:"id"`
	Email     string  `json:"email"`
	FirstName *string `json:"first_name"`
	LastName  *string `json:"last_name"`
	ImageURL  string  `json:"image_url"`
	CreatedAt string  `json:"created_at"`
}

type gateway struct {
	key         []byte
	forwards    bool
	destination string
	pool        *redis.Pool
	client      *http.Client
}

func main() {
	g := &gateway{
		key:         []byte(os.Getenv("KEY")),
		forwards:    os.Getenv("MODE") == "forward",
		destination: os.Getenv("DESTINATION"),
		pool: &redis.Pool{MaxIdle: 64, MaxActive: 64, Wait: true, Dial: func() (redis.Conn, error) {
			return redis.Dial("tcp", os.Getenv("REDIS"))
		}},
		client: &http.Client{
			Timeout:   15 * time.Second,
			Transport: &http.Transport{MaxIdleConnsPerHost: 64, MaxConnsPerHost: 64},
		},
	}
	http.HandleFunc("/webhooks/clerk", g.receive)
	log.Fatal(http.ListenAndServe(os.Getenv("LISTEN"), nil))
}

func (g *gateway) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	if err != nil {
		answer(w, http.StatusRequestEntityTooLarge, `{"error":"too large"}`)
		return
	}
	id := r.Header.Get("svix-id")
	if !g.isSigned(id, r.Header.Get("svix-timestamp"), r.Header.Get("svix-signature"), body) {
		answer(w, http.StatusBadRequest, `{"error":"signature"}`)
		return
	}
	var event clerkEvent
	if json.Unmarshal(body, &event) != nil {
		answer(w, http.StatusBadRequest, `{"error":"no JSON"}`)
		return
	}
	c := g.pool.Get()
	defer c.Close()
	claimed, err := c.Do("SET", "webhook:"+id, "processed", "NX", "EX", window)
	if err != nil {
		answer(w, http.StatusServiceUnavailable, `{"error":"redis"}`)
		return
	}
	if claimed == nil {
		answer(w, http.StatusOK, `{"skipped":true}`)
		return
	}
	out, err := json.Marshal(normalised(id, &event))
	if err == nil && g.forwards {
		err = g.post(id, out)
	} else if err == nil {
		_, err = c.Do("XADD", "webhooks", "*", "id", id, "body", out)
	}
	if err != nil {
		c.Do("DEL", "webhook:"+id)
		answer(w, http.StatusBadGateway, `{"error":"not passed on"}`)
		return
	}
	answer(w, http.StatusOK, `{"success":true}`)
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	io.WriteString(w, body)
}

func (g *gateway) isSigned(id, stamp, signatures string, body []byte) bool {
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	age := time.Now().Unix() - seconds
	if id == "" || err != nil || age > tolerance || age < -tolerance {
		return false
	}
	mac := hmac.New(sha256.New, g.key)
	io.WriteString(mac, id+"."+stamp+".")
	mac.Write(body)
	want := mac.Sum(nil)
	for _, each := range strings.Split(signatures, " ") {
		if strings.HasPrefix(each, "v1,") {
			got, err := base64.StdEncoding.DecodeString(each[len("v1,"):])
			if err == nil && hmac.Equal(got, want) {
				return true
			}
		}
	}
	return false
}

func normalised(id string, event *clerkEvent) cloudEvent {
	data := &event.Data
	email := ""
	for _, each := range data.EmailAddresses {
		if data.PrimaryEmailID != nil && each.ID == *data.PrimaryEmailID {
			email = each.Address
		}
	}
	return cloudEvent{"1.0", id, "clerk", event.Type, dateOf(event.Timestamp), person{
		data.ID, email, data.FirstName, data.LastName, data.ImageURL, dateOf(data.CreatedAt)}}
}

func dateOf(milliseconds int64) string {
	return time.UnixMilli(milliseconds).UTC().Format(time.RFC3339Nano)
}

func (g *gateway) post(id string, body []byte) error {
	request, err := http.NewRequest(http.MethodPost, g.destination, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", "application/json")
	request.Header.Set("webhook-id", id)
	response, err := g.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}
